"""Checks the JSON Schema of scenarios with a validator of its own.

    python3 validate_schema.py SCHEMA GOOD… --bad BAD…

Every GOOD file must validate; every BAD one, which is wrong by its shape, must
not. Needs Python 3.11 and the package `jsonschema`.
"""

import argparse
import json
import tomllib

from jsonschema import Draft202012Validator

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("schema")
arguments.add_argument("good", nargs="+")
arguments.add_argument("--bad", nargs="+", default=[])
arguments = arguments.parse_args()

with open(arguments.schema, encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)


def errors(path):
    with open(path, "rb") as file:
        # As JSON: a date is a text there.
        document = json.loads(json.dumps(tomllib.load(file), default=str))
    return list(validator.iter_errors(document))


surprises = 0
for expected, paths in [("valid", arguments.good), ("invalid", arguments.bad)]:
    for path in paths:
        found = errors(path)
        verdict = "invalid" if found else "valid"
        surprises += verdict != expected
        note = "" if verdict == expected else f"  EXPECTED {expected}"
        print(f"{verdict:<8} {len(found):>3} errors  {path}{note}")
        if verdict != expected:
            for error in found:
                print(f"         {error.json_path}: {error.message[:200]}")
raise SystemExit(1 if surprises else 0)
