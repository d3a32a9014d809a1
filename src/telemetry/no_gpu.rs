use nvml_wrapper::error::NvmlError;

/// Why no GPU can be asked, and what a person can do about it.
#[derive(Debug, thiserror::Error)]
pub enum NoGpuReason {
    /// `libnvidia-ml.so.1` is not there.
    #[error("no NVIDIA driver was found (`libnvidia-ml.so.1` cannot be loaded); install one if there is a GPU")]
    NoLibrary,
    /// The library is there, the kernel module is not.
    #[error("the NVIDIA driver is installed but not loaded; try `modprobe nvidia`, or restart the machine")]
    NotLoaded,
    /// The driver was upgraded under a loaded module.
    #[error("the NVIDIA library and the loaded kernel module differ in version; restart the machine")]
    VersionMismatch,
    /// The driver works and sees no device.
    #[error("the NVIDIA driver sees no GPU; check `nvidia-smi -L` and what this container may use")]
    NoDevice,
    /// Anything else.
    #[error("NVML cannot be used (`nvidia-smi` may say more)")]
    Other {
        /// What NVML said.
        source: NvmlError,
    },
}

impl From<NvmlError> for NoGpuReason {
    fn from(source: NvmlError) -> Self {
        match source {
            NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound => Self::NoLibrary,
            NvmlError::DriverNotLoaded => Self::NotLoaded,
            NvmlError::LibRmVersionMismatch => Self::VersionMismatch,
            source => Self::Other { source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::with_causes;

    #[test]
    fn every_reason_says_what_to_do() {
        let reasons = [
            NvmlError::LibraryNotFound,
            NvmlError::DriverNotLoaded,
            NvmlError::LibRmVersionMismatch,
            NvmlError::Unknown,
        ]
        .map(|error| with_causes(&NoGpuReason::from(error)));
        insta::assert_snapshot!(reasons.join("\n"), @r"
        no NVIDIA driver was found (`libnvidia-ml.so.1` cannot be loaded); install one if there is a GPU
        the NVIDIA driver is installed but not loaded; try `modprobe nvidia`, or restart the machine
        the NVIDIA library and the loaded kernel module differ in version; restart the machine
        NVML cannot be used (`nvidia-smi` may say more): an internal driver error occurred
        ");
    }
}
