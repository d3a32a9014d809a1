//! The published figures and the prompts that are shipped.

/// Each figure of the guide: what a `says` must quote, and what its claim must
/// hold.
const PUBLISHED: [(&str, &str); 34] = [
    ("3x concurrent performance", "value = 3.0"),
    ("RTX 5090, Single: individual ~300 tok/s", "value = 300.0"),
    ("RTX 5090, Single: aggregate 300 tok/s", "value = 300.0"),
    ("RTX 5090, Single: scaling efficiency 100%", "value = 1.0"),
    ("Mac M4 Pro, Single: individual ~45 tok/s", "value = 45.0"),
    ("Mac M4 Pro, Single: aggregate 45 tok/s", "value = 45.0"),
    ("Mac M4 Pro, Single: scaling efficiency 100%", "value = 1.0"),
    ("Single (MPS): individual 33.3 tok/s", "value = 33.3"),
    ("Single (MPS): aggregate 33.3 tok/s", "value = 33.3"),
    ("Single (MPS): scaling efficiency 100%", "value = 1.0"),
    ("2x Concurrent: individual ~33.2 tok/s each", "value = 33.2"),
    ("2x Concurrent: aggregate 66.4 tok/s", "value = 66.4"),
    ("2x Concurrent: 97% efficiency", "value = 0.97"),
    ("3x Concurrent: individual ~33.1 tok/s each", "value = 33.1"),
    ("3x Concurrent: aggregate 99.4 tok/s", "value = 99.4"),
    ("3x Concurrent: 99% efficiency", "value = 0.99"),
    ("2.2x higher aggregate throughput than RTX 5090", "value = 2.2"),
    ("CUDA MPS: ~0%", "from = -0.005"),
    ("CUDA MPS: ~0%", "to = 0.005"),
    ("Multiple Servers: ~5-15%", "from = 0.05"),
    ("Multiple Servers: ~5-15%", "to = 0.15"),
    ("CUDA MPS: ~95%", "value = 0.95"),
    ("Multiple Servers: ~80-85%", "from = 0.80"),
    ("Multiple Servers: ~80-85%", "to = 0.85"),
    ("~4.9GB per instance", "value = 4.9e9"),
    ("RTX 5090: 24GB VRAM", "value = 24e9"),
    ("DGX Spark: 120GB Unified", "value = 120e9"),
    ("Theoretical Max 4-5 models", "from = 4.0"),
    ("Theoretical Max 4-5 models", "to = 5.0"),
    ("Practical Max 2-3 models", "from = 2.0"),
    ("Practical Max 2-3 models", "to = 3.0"),
    ("Theoretical Max 20+ models", "value = 20.0"),
    ("Practical Max 10+ models", "value = 10.0"),
    ("5x more memory capacity (120GB vs 24GB)", "value = 5.0"),
];

/// The rows of the guide that rank without a figure.
const ORDERS: [(&str, &str); 4] = [
    ("Latency (small requests): CUDA MPS Lower", "metric = \"ttft_p50\""),
    ("Throughput (concurrent): CUDA MPS Higher", "metric = \"output_throughput\""),
    ("Fault Isolation: CUDA MPS Lower", "metric = \"fault_reach\""),
    ("Operational Complexity: CUDA MPS Lower", "metric = \"operational_complexity\""),
];

#[test]
fn every_figure_of_the_guide_is_a_published_claim() {
    let toml = include_str!("../../../../scenarios/published/nvidia_mps_guide.toml");
    let claims: Vec<&str> = toml.split("[[claim]]").skip(1).collect();
    let missing: Vec<_> = PUBLISHED
        .iter()
        .chain(&ORDERS)
        .filter(|(says, holds)| {
            !claims.iter().any(|claim| claim.contains(says) && claim.lines().any(|line| line == *holds))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_prompt_file_is_one_distinct_prompt_a_line() {
    let files = [
        (include_str!("../../../../scenarios/data/triples.jsonl"), 60),
        (include_str!("../../../../scenarios/data/small.jsonl"), 40),
    ];
    for (text, least) in files {
        let prompts: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(prompts.iter().all(|prompt| prompt["prompt"].as_str().is_some_and(|prompt| !prompt.is_empty())));
        let distinct: std::collections::BTreeSet<_> = prompts.iter().map(ToString::to_string).collect();
        assert!(distinct.len() >= least && distinct.len() == prompts.len(), "{} prompts", distinct.len());
    }
}
