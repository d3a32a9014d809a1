//! What became of servers that were killed on purpose, trial by trial.

use crate::names::CellId;
use crate::plan::Plan;
use crate::report::text::line;
use crate::scenario::Fault;
use crate::summary::{Answer, CellSummary, FaultTrial, Help, Summary};

/// A sentence for each trial, by cell and block.
pub(super) fn sentences(summary: &Summary, plan: &Plan) -> Vec<String> {
    let of_cell = |(id, cell): (&CellId, &CellSummary)| {
        let fault = plan.cells.get(id).and_then(|spec| spec.fault.clone());
        let id = line(id.as_str());
        let told = |fault: &Fault| {
            let trials = cell.repetitions.iter().filter_map(|one| Some((one.block + 1, one.fault.as_ref()?)));
            trials.map(|(block, trial)| format!("{id}, block {block}: {}", sentence(fault, trial))).collect()
        };
        fault.as_ref().map_or_else(Vec::new, told)
    };
    summary.cells.iter().flat_map(of_cell).collect()
}

fn sentence(fault: &Fault, trial: &FaultTrial) -> String {
    let FaultTrial { server: _, at_s, help, answer } = trial;
    let help = match help {
        Help::None if is_back(answer) => "came back by itself".to_owned(),
        Help::None => "left to help itself".to_owned(),
        Help::StartedAgain { ready_s } => format!("started again by runexp, ready again after {}", seconds(*ready_s)),
    };
    let answer = match answer {
        Answer::ToTheLoad { after_s } => format!("first good answer after {}, to the load", seconds(*after_s)),
        Answer::ToTheRun { after_s } => {
            format!("first good answer after {}, to a short request of runexp's own", seconds(*after_s))
        }
        Answer::NotWithin { waited_s, reason } => {
            format!("no good answer within {}: {}", seconds(*waited_s), line(reason))
        }
        Answer::NotInTheRecords => "no good answer in the records, which end with the load".to_owned(),
    };
    format!("{} killed {} into the window; {help}; {answer}", line(&fault.victim()), seconds(*at_s))
}

const fn is_back(answer: &Answer) -> bool {
    matches!(answer, Answer::ToTheLoad { .. } | Answer::ToTheRun { .. })
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(processes: &str, help: Help, answer: Answer) -> String {
        let fault = serde_json::json!({
            "at": "1s", "server": "ollama", "index": 1, "signal": "KILL", "processes": processes,
        });
        let trial = FaultTrial { server: "ollama[1]".to_owned(), at_s: 1.0, help, answer };
        sentence(&serde_json::from_value(fault).unwrap(), &trial)
    }

    #[test]
    fn a_trial_is_told_with_whose_help_the_server_came_back_and_who_was_answered() {
        let again = Help::StartedAgain { ready_s: 0.13 };
        insta::assert_snapshot!(told("all", again, Answer::ToTheRun { after_s: 14.7 }), @"ollama[1] killed 1.00 s into the window; started again by runexp, ready again after 0.13 s; first good answer after 14.70 s, to a short request of runexp's own");
        insta::assert_snapshot!(told("workers", Help::None, Answer::ToTheLoad { after_s: 2.204 }), @"the workers of ollama[1] killed 1.00 s into the window; came back by itself; first good answer after 2.20 s, to the load");
        let reason = "the last request failed: it was answered with status 500: no model".to_owned();
        insta::assert_snapshot!(told("all", again, Answer::NotWithin { waited_s: 62.0, reason }), @"ollama[1] killed 1.00 s into the window; started again by runexp, ready again after 0.13 s; no good answer within 62.00 s: the last request failed: it was answered with status 500: no model");
        insta::assert_snapshot!(told("all", again, Answer::NotInTheRecords), @"ollama[1] killed 1.00 s into the window; started again by runexp, ready again after 0.13 s; no good answer in the records, which end with the load");
    }
}
