use indexmap::IndexMap;

use super::{Finding, Topic};
use crate::record::GpuIdentity;
use crate::telemetry::{self, Opened};

/// Whether there is one, too.
pub(super) fn examine() -> (Finding, bool) {
    let Opened { gpus, absent, driver, cuda, .. } = telemetry::open();
    (judged(&gpus, absent.as_deref(), driver.as_deref(), cuda.as_deref()), !gpus.is_empty())
}

fn judged(gpus: &[GpuIdentity], absent: Option<&str>, driver: Option<&str>, cuda: Option<&str>) -> Finding {
    if gpus.is_empty() {
        // The reasons of telemetry end with what to do.
        let reason = absent.unwrap_or("the driver names no GPU; check that `nvidia-smi` works");
        let (found, advice) = reason.rsplit_once("; ").unwrap_or((reason, "check that `nvidia-smi` works"));
        return Finding::missing(Topic::Gpu, found, advice);
    }
    let mut counts: IndexMap<&str, usize> = IndexMap::new();
    for gpu in gpus {
        *counts.entry(&gpu.name).or_default() += 1;
    }
    let named =
        counts.iter().map(|(name, count)| if *count > 1 { format!("{count} × {name}") } else { name.to_string() });
    let versions =
        [("driver", driver), ("CUDA", cuda)].map(|(what, version)| format!("{what} {}", version.unwrap_or("unknown")));
    let words: Vec<String> = named.chain(versions).collect();
    Finding::good(Topic::Gpu, words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    fn gpu(name: &str) -> GpuIdentity {
        GpuIdentity {
            uuid: "GPU-1".to_owned(),
            name: name.to_owned(),
            memory_bytes: None,
            memory_source: None,
            bandwidth_bytes_per_s: None,
            power_limit_w: None,
            power_limit_default_w: None,
        }
    }

    #[test]
    fn gpus_are_named_and_their_absence_is_explained() {
        let found = [
            judged(&[gpu("NVIDIA GB10")], None, Some("580.95"), Some("13.0")),
            judged(&["H100", "H100", "L4"].map(gpu), None, Some("570.1"), None),
            judged(&[], Some("the NVIDIA driver sees no GPU; check `nvidia-smi -L`"), None, None),
            judged(&[], None, None, None),
        ];
        insta::assert_snapshot!(table(&found), @r"
        GPU           good       NVIDIA GB10, driver 580.95, CUDA 13.0
        GPU           good       2 × H100, L4, driver 570.1, CUDA unknown
        GPU           missing    the NVIDIA driver sees no GPU
                                 help: check `nvidia-smi -L`
        GPU           missing    the driver names no GPU
                                 help: check that `nvidia-smi` works
        ");
    }
}
