//! What a run is to decide, as it is written.

use super::Folder;

#[test]
fn a_question_that_nobody_could_answer_is_told_in_words() {
    let folder = Folder::good()
        .set("decision.maximise=output_throughput")
        .set("decision.subject_to=[\"ttft < 300\", \"output_throughput < 3s\", \"ttft soon\", \"speed > 3\", \"ttft < 1s\"]")
        .set("decision.load={ phase = \"a few\", slots = 3 }")
        .set("decision.margin=90%");
    insta::assert_snapshot!(folder.problems(), @r#"
    error[E009]: `minimise` cannot stand beside `maximise`
       --> scenario.toml:178:1
        |
    178 | minimise = "ttft"
        | ^^^^^^^^
        |
        = help: leave one of them out

    error[E007]: `ttft < 300`: `ttft` is a time, and this has no unit
     --> --set #2:1:21
      |
    1 | decision.subject_to=["ttft < 300", "output_throughput < 3s", "ttft soon", "speed > 3", "ttft < 1s"]
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write it like "ttft_p50 < 300ms" or "attainment > 95%"

    error[E007]: `output_throughput < 3s`: `output_throughput` is no time
     --> --set #2:1:21
      |
    1 | decision.subject_to=["ttft < 300", "output_throughput < 3s", "ttft soon", "speed > 3", "ttft < 1s"]
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write it like "ttft_p50 < 300ms" or "attainment > 95%"

    error[E007]: `ttft soon`: expected a metric, `<` or `>`, and a limit
     --> --set #2:1:21
      |
    1 | decision.subject_to=["ttft < 300", "output_throughput < 3s", "ttft soon", "speed > 3", "ttft < 1s"]
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write it like "ttft_p50 < 300ms" or "attainment > 95%"

    error[E013]: there is no metric `speed`
     --> --set #2:1:21
      |
    1 | decision.subject_to=["ttft < 300", "output_throughput < 3s", "ttft soon", "speed > 3", "ttft < 1s"]
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: known here: `output_throughput`, `ttft`

    error[E005]: unknown key `slots`
     --> --set #3:1:34
      |
    1 | decision.load={ phase = "a few", slots = 3 }
      |                                  ^^^^^
      |
      = help: known here: `phase`, `clients`, `rate`

    error[E008]: `margin` is 0.9 but must be from 0.001 to 0.5
     --> --set #4:1:17
      |
    1 | decision.margin=90%
      |                 ^^^
    "#);
}
