//! The `runexp` command.

fn main() {}
