//! Throughputs of which every repetition counted the same number of tokens.

use crate::names::CellId;
use crate::plan::Plan;
use crate::report::text::line;
use crate::scenario::Length;
use crate::summary::{CellSummary, Summary, Validity};

/// A sentence for each cell of a closed loop whose interval has no width. Tokens
/// are whole: a window counts one more or less of each client, as it begins, and
/// where that falls alike in a few repetitions they agree on a value that is up
/// to so much beside the truth.
pub(super) fn sentences(summary: &Summary, plan: &Plan) -> Vec<String> {
    let sentence = |(id, cell): (&CellId, &CellSummary)| {
        let spec = plan.cells.get(id)?;
        let (Length::Duration(window), Some(clients), None) = (spec.length, cell.clients, &spec.fault) else {
            return None;
        };
        let valid = cell.repetitions.iter().filter(|one| one.validity == Validity::Valid);
        let values: Vec<f64> = valid.filter_map(|one| one.value("output_throughput").ok()).collect();
        Some(format!("{}: {}", line(id.as_str()), sentence(&values, window.duration().as_secs_f64(), clients)?))
    };
    summary.cells.iter().filter_map(sentence).collect()
}

fn sentence(values: &[f64], window_s: f64, clients: u32) -> Option<String> {
    let [first, rest @ ..] = values else { return None };
    let tokens = (first * window_s).round();
    // Every difference of a token is wider than what rounding makes of a rate.
    let are_alike = rest.iter().all(|value| (value * window_s).round().total_cmp(&tokens).is_eq());
    (are_alike && !rest.is_empty() && tokens > 0.0).then(|| {
        let beside = f64::from(clients) / tokens * 100.0;
        format!(
            "all {} repetitions counted {tokens} tokens, so that the interval of the throughput has no width. Tokens are \
             whole: by one of each client, {beside:.1} %, it may be off all the same, and less in a longer window.",
            values.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn repetitions_that_counted_alike_are_said_to_be_no_wiser_than_their_tokens() {
        insta::assert_snapshot!(sentence(&[40.5, 40.5, 40.5], 2.0, 3).unwrap(), @"all 3 repetitions counted 81 tokens, so that the interval of the throughput has no width. Tokens are whole: by one of each client, 3.7 %, it may be off all the same, and less in a longer window.");
        let rates = |tokens: [f64; 3]| tokens.map(|tokens| tokens / 3.0);
        assert!(sentence(&rates([1400.0, 1400.0, 1400.0]), 3.0, 3).is_some());
        let others = [(&rates([1400.0, 1400.0, 1401.0])[..], 3), (&[40.5], 3), (&[], 3), (&[0.0, 0.0], 3)];
        assert!(others.into_iter().all(|(values, clients)| sentence(values, 3.0, clients).is_none()));
    }
}
