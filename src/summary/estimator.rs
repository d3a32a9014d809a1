//! The page of `scenarios/reference/estimators.md`, and what `runexp explain
//! estimators` prints: how repetitions become a value with an interval.

use crate::metric::{self, Estimator, MetricDefinition};

/// The word of the page of all estimators.
const WORD: &str = "estimators";
const TITLE: &str = "How repetitions become a value with an interval";

const BEGINNING: &str = "Every metric has one estimator. Its interval is one of 95 % over repetitions. How often such an interval covers the
truth was counted over 10,000 simulated runs of each kind (`RUNEXP_TRIALS=10000 cargo test --release --lib stats --
--nocapture`). `runexp explain ttft_p95` shows the estimator of one metric.

A run that stops when it is precise enough (`design.adaptive`) stops where its intervals happen to be narrow: as
intervals of 95 % they would cover 93 % of the time where repetitions scatter by 3 % and ±2 % is asked for. Each of its
looks has its share of the 5 % that they may miss (Bonferroni), so that each is one of 98.3 % in a run with three looks;
the half-width that is asked for is that of these. Looking after 5, 8 and 12 blocks until ±2 % is known, 97.0 to 98.3 %
of them cover where repetitions scatter by 0.5 to 4 % (4,000 runs each). Of those of runs that stop at the first look,
98 % cover where repetitions scatter by up to 1 %, 94 % at 1.5 %, 88 % at 2 % and 72 % at 3 %, where 31, 13 and 3 % of
all runs do so: no interval tells whether little spread was chance. With four cells that all must be so precise, hardly
a run stops by chance. Documents of a run that stopped at its first look say so. (`RUNEXP_TRIALS=4000 cargo test --lib
stopped -- --nocapture`)
";

const ALL: [Estimator; 7] = [
    Estimator::Mean,
    Estimator::Difference,
    Estimator::Share,
    Estimator::Requests,
    Estimator::Kills,
    Estimator::Loss,
    Estimator::Pooled,
];

/// Every word of this page that is listed, and how its page begins.
pub fn estimator_words() -> impl Iterator<Item = (&'static str, &'static str)> {
    [(WORD, TITLE)].into_iter()
}

/// The page of all estimators for `estimators`, or of a metric and its own, as
/// Markdown.
pub fn explain_estimator(word: &str) -> Option<String> {
    if word == WORD {
        let sections: Vec<String> = ALL.into_iter().map(section).collect();
        return Some(format!("# {TITLE}\n\n{BEGINNING}\n{}", sections.join("\n")));
    }
    let metric = metric::find(word)?;
    let by = metric.estimator();
    Some(format!("# `{}`\n\n{}.\n\n{}: {}\n", metric.id, sentence(metric.title), name(by), page(by)))
}

fn sentence(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn section(by: Estimator) -> String {
    let metrics: Vec<String> =
        metric::all().iter().filter(|metric| is_listed(metric, by)).map(|metric| format!("`{}`", metric.id)).collect();
    let of = if by == Estimator::default() { "every metric not named below".to_owned() } else { metrics.join(", ") };
    format!("## {}\n\nOf {of}.\n\n{}\n", name(by), page(by))
}

fn is_listed(metric: &MetricDefinition, by: Estimator) -> bool {
    metric.estimator() == by
}

const fn name(by: Estimator) -> &'static str {
    match by {
        Estimator::Mean => "Mean",
        Estimator::Difference => "Difference",
        Estimator::Share => "Share",
        Estimator::Requests => "Share of requests",
        Estimator::Kills => "Share over kills",
        Estimator::Loss => "Loss",
        Estimator::Pooled => "Pooled percentile (approximate)",
    }
}

const fn page(by: Estimator) -> &'static str {
    match by {
        Estimator::Mean => MEAN,
        Estimator::Difference => DIFFERENCE,
        Estimator::Share => SHARE,
        Estimator::Requests => REQUESTS,
        Estimator::Kills => KILLS,
        Estimator::Loss => LOSS,
        Estimator::Pooled => POOLED,
    }
}

const MEAN: &str = "Geometric mean over repetitions with its log-t interval, Student's t over the logarithms; where a value is not positive, \
    arithmetic mean with its t interval (Kalibera and Jones 2013). A median has no least number of requests: it is the mean of \
    the repetitions' medians. What is the same in every repetition, a count of processes say, is shown without an interval. \
    Covers 94.7 to 95.3 % of the time: medians of 3 to 78 requests, 3 to 10 repetitions.";

const DIFFERENCE: &str =
    "Arithmetic mean with its t interval, whatever the signs: how much more or less one is than the other.";

const SHARE: &str = "Mean of the logits with Student's t interval and back, so that neither end passes 0 or 100 % (Agresti, Categorical Data \
    Analysis); where a repetition has exactly 0 or 100 %, the plain t interval of the mean, cut off at these. Covers 94.8 to 95.0 % of the time at shares of 50 to 98 %, 3 to 10 repetitions.";

const REQUESTS: &str = "All hits over all requests, with the interval of Korn and Graubard 1998: the exact binomial one (Clopper and Pearson \
    1934) of as many independent requests as would scatter as much as the repetitions do, and of no more than there were. Where \
    nothing was hit, or everything, the other end is the exact one-sided 95 % bound: 0 of 100 is at most 3 %. That bound takes \
    requests to be independent; of what befalls whole repetitions, nobody can tell by counting requests. Exact \
    bounds cover more than they say: 97.2 to 99.7 % of the time for shares of 50 to 99 %, 78 requests in each of 3 to 10 \
    repetitions, and 95.7 to 96.9 % where repetitions scatter by half a logit.";

const KILLS: &str = "Mean over kills with exact binomial bounds (Clopper and Pearson 1934) in which the sum of the shares stands for the hits. \
    The kill is what was drawn; requests of bystanders fail together or not at all. 0 of 5 kills is at most 45 % (one-sided \
    95 %), 0 of 59 at most 5 %. Covers 97.7 % of the time and more. A claim that a kill harms others less often than it does, \
    in 10, 20 or 30 % of 5 to 60 kills, is called reproduced in 0 to 4 % of 1,000 runs; an interval over five zeros did so in 60, 35 and 19 %.";

const LOSS: &str = "1 − the geometric mean of the ratios, with their log-t interval turned round: the same mean whatever the signs. Covers 94.7 to 95.4 % of the \
    time at a loss of 0.5 %, 3 to 10 repetitions; a mean that goes by the signs of the sample, 92.9 % at 3.";

const POOLED: &str = "The percentile of the requests of all repetitions, from as many as let two lie beyond it with 99 % certainty (p90 64, p95 \
    130, p99 662, by MLPerf Inference's early stopping), with the t interval of the jackknife that leaves out a repetition (Tukey \
    1958; Shao and Tu, The Jackknife and Bootstrap, 1995), and never a narrower one than Woodruff's of so many independent \
    requests (1952). Covers 95.0 to 97.4 % of the time for log-normal times, 130 to 780 requests in 3 to 10 repetitions; the \
    jackknife alone 88 to 92 % (4,000 runs). Other distributions were not tried: it is an approximation. \
    Of more than 4,096 requests a repetition, times within 0.1 % of each other count as one (a DDSketch, Masson, Rim and Lee 2019).";
