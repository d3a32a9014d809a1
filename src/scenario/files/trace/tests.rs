use super::*;

const CSV: &str = "t.csv";
const JSONL: &str = "t.jsonl";

fn moments(text: &str, name: &str) -> Vec<Nanos> {
    parse(text, Path::new(name)).unwrap().moments
}

/// What a trace was taken for, when it arrives and what is left out.
fn told(text: &str, name: &str) -> String {
    match parse(text, Path::new(name)) {
        Ok(Trace { moments, facts, asks }) => {
            let seconds: Vec<f64> = moments.iter().map(|moment| moment.seconds()).collect();
            format!("{}, {seconds:?}{facts}, asks: {asks}, lengths: {}\n", facts.format, facts.has_lengths)
        }
        Err(bad) => {
            let lines: Vec<String> = bad.iter().map(|bad| format!("{}: {}", bad.line, bad.reason)).collect();
            lines.join("\n") + "\n"
        }
    }
}

#[test]
fn a_trace_counts_from_its_first_arrival() {
    let mooncake = "{\"timestamp\": 27000, \"input_length\": 6955}\n\n{\"timestamp\": 27000}\n{\"timestamp\":30052.5}";
    assert_eq!(moments(mooncake, JSONL), [0.0, 0.0, 3.0525].map(Nanos::from_seconds));
    let burst = "Timestamp,Model,Request tokens\n5,ChatGPT,472\n45, ChatGPT,1087\n";
    assert_eq!(moments(burst, CSV), [0.0, 40.0].map(Nanos::from_seconds));
    assert_eq!(moments("0.25\n1.5\n", CSV), [0.0, 1.25].map(Nanos::from_seconds));
    assert_eq!(moments("\n", CSV), Vec::new());
}

#[test]
fn traces_are_known_by_their_columns_under_any_name() {
    let mooncake = "{\"timestamp\": 0, \"input_length\": 6758, \"output_length\": 500, \"hash_ids\": [0, 1]}\n\
        {\"timestamp\": 3000, \"input_length\": 7322, \"output_length\": 490, \"hash_ids\": [0, 14]}\n";
    let burst = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\r\n\
        5,ChatGPT,472,18,490,Conversation log\r\n45,ChatGPT,1087,0,1087,Conversation log\r\n118,GPT-4,417,276,693,API log\r\n";
    let azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n";
    let later = "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 02:00:00.017335+02:00,2399,6\n";
    let vidur = "arrived_at;num_prefill_tokens;num_decode_tokens\n0.5;100;20\n2;50.0;5\n";
    let list = "[{\"timestamp\": 1000},\n {\"timestamp\": \"1970-01-01T00:00:02Z\"}]";
    let asked = "{\"timestamp\": 7, \"prompt\": \"Why?\"}";
    let files = [mooncake, burst, azure, later, vidur, list, asked, "2.5\n2.5\t\n"];
    insta::assert_snapshot!(files.map(|text| told(text, "t.dat")).concat(), @r"
    Mooncake, [0.0, 3.0]; shared prefixes are not replayed, asks: true, lengths: true
    BurstGPT, [0.0, 113.0]; 1 skipped: has no tokens of prompt or reply, asks: true, lengths: true
    Azure LLM trace, [0.0, 4.31457901], asks: true, lengths: true
    Azure LLM trace, [0.0, 0.007405043], asks: true, lengths: true
    CSV, [0.0, 1.5], asks: true, lengths: true
    a JSON list, [0.0, 1.0], asks: false, lengths: false
    JSON lines, [0.0], asks: true, lengths: false
    CSV, [0.0, 0.0], asks: false, lengths: false
    ");
}

#[test]
fn every_line_that_is_no_arrival_is_named() {
    insta::assert_snapshot!(
        [
            told("nan\n3\n2\n-1\nsoon\n4\n", CSV),
            told("{\"timestamp\": 1}\n{\"time\": 2}\n{\"timestamp\": \"3\"}\n{\"timestamp\": null}\n[4]\n", JSONL),
            told("{\"timestamp\": 1, \"input_length\": \"many\", \"output_length\": 3}\n{\"timestamp\": 1, \"input_length\": 5, \"output_length\": 2.5}", JSONL),
            told("Timestamp,Request tokens\n1,2\n2\n3,4,5\n", CSV),
            told("when,what\n2023-11-16 18:15:46,a\n2023-11-16 18:15:45,b\n2023-13-01 00:00:00,c\n", CSV),
        ]
        .join("\n"),
        @r#"
    1: the time is not a finite number
    3: 2 s comes after 3 s: the times must not fall
    4: the time is negative: -1 s
    5: `soon` is not a number of seconds

    2: `timestamp` is missing
    3: `timestamp` must be a number of milliseconds, or a date, not `3`
    4: `timestamp` must be a number of milliseconds, not null
    5: an object with a `timestamp` was expected, not [4]

    1: `input_length` must be a number of tokens, not "many"
    2: `output_length` must be a number of tokens, not 2.5

    3: 1 fields, where the heading has 2
    4: 3 fields, where the heading has 2

    3: 1700158545 s comes after 1700158546 s: the times must not fall
    4: `2023-13-01 00:00:00` is not a number of seconds
    "#
    );
}
