use super::*;

/// What is said, without the place: that moves with the file.
fn message(error: &MachineError) -> String {
    match error {
        MachineError::Parse { source, .. } => format!("{error}: {}", source.message()),
        _ => error.to_string(),
    }
}

fn h100_with(from: &str, to: &str) -> String {
    let (_, text) = EMBEDDED.iter().find(|(name, _)| *name == "h100").unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn every_embedded_machine_is_valid_and_says_what_it_is() {
    let titles = EMBEDDED.map(|(name, _)| format!("{name}: {}", find(name, &[]).unwrap().title()));
    insta::assert_snapshot!(titles.join("\n"), @r"
    dgx-spark: NVIDIA DGX Spark (GB10) with Ollama and Llama 3.1 8B Q4_K_M
    h100: NVIDIA H100 80GB HBM3 with llama-server and Llama 3.1 8B Q4_K_M
    m4-pro: Apple M4 Pro (20-core GPU, 48 GB) with llama.cpp and Llama 3.1 8B Q4_K_M
    rtx-5090: NVIDIA GeForce RTX 5090 with Llama 3.1 8B Q4_K_M
    ");
}

#[test]
fn only_the_m4_pro_has_no_mps() {
    let with: Vec<&str> =
        EMBEDDED.iter().map(|(name, _)| *name).filter(|name| find(name, &[]).unwrap().gpu.mps.is_some()).collect();
    assert_eq!(with, ["dgx-spark", "h100", "rtx-5090"]);
}

#[test]
fn the_environment_is_the_machines_and_not_the_hosts() {
    insta::assert_json_snapshot!(find("h100", &[]).unwrap().environment(), @r#"
    {
      "kernel": null,
      "cpu": null,
      "cpus": null,
      "memory_bytes": null,
      "boot_id": null,
      "gpus": [
        {
          "uuid": "GPU-simulated-h100",
          "name": "NVIDIA H100 80GB HBM3",
          "memory_bytes": 85520809984,
          "bandwidth_bytes_per_s": 3350000000000.0
        }
      ],
      "gpu_absent": null,
      "driver": null,
      "cuda": null
    }
    "#);
    let unified = find("dgx-spark", &[]).unwrap().environment();
    assert_eq!((unified.gpus[0].memory_bytes, unified.memory_bytes), (None, Some(Bytes(124_610 << 20))));
}

#[test]
fn a_file_in_the_folder_adds_a_machine_or_goes_before_the_embedded_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), h100_with("title = \"NVIDIA H100", "title = \"Mine")).unwrap();
    std::fs::write(folder.path().join("h100.toml"), h100_with("value = 3350", "value = 4000")).unwrap();
    let dirs = [PathBuf::from("/nonexistent"), folder.path().to_owned()];
    assert_eq!(find("mine", &dirs).unwrap().title(), "Mine 80GB HBM3 with llama-server and Llama 3.1 8B Q4_K_M");
    assert!((find("h100", &dirs).unwrap().gpu.bandwidth_bytes_per_s - 4e12).abs() < 1.0);
    insta::assert_snapshot!(message(&find("h10", &dirs).unwrap_err()), @"no simulated machine is called `h10`; there are dgx-spark, h100, m4-pro, mine, rtx-5090");
}

#[test]
fn a_name_is_no_path() {
    insta::assert_snapshot!(message(&find("../machines/h100", &[PathBuf::from("scenarios/machines")]).unwrap_err()), @"no simulated machine is called `../machines/h100`; there are dgx-spark, h100, m4-pro, rtx-5090");
}

#[test]
fn a_file_that_is_no_machine_is_refused_with_the_reason() {
    let parse = |from: &str, to: &str| message(&file::parse("x", "x.toml", &h100_with(from, to)).unwrap_err());
    insta::assert_snapshot!(parse("bandwidth_share = { value = 0.44", "bandwidth_share = { value = 1.44"), @"machine file `x.toml`: `gpu.bandwidth_share` is 1.44, which is not between 1e-6 and 1");
    insta::assert_snapshot!(parse("source = \"NVIDIA H100 SXM data sheet: 3.35 TB/s\"", "source = \" \""), @"machine file `x.toml`: the `source` of `gpu.bandwidth_gb_per_s` is empty; say where the value comes from");
    insta::assert_snapshot!(parse("[host]", "[host]\nspeed = 1"), @"machine file `x.toml` is not a machine: unknown field `speed`, expected `request_ms` or `token_ms`");
    insta::assert_snapshot!(parse("unified_memory = false\n", ""), @"machine file `x.toml` is not a machine: missing field `unified_memory`");
    insta::assert_snapshot!(parse("value = 0.44", "value = nan"), @"machine file `x.toml`: `gpu.bandwidth_share` is NaN, which is not between 1e-6 and 1");
}
