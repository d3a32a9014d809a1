/// A percentile that may be printed, with the values it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Percentile {
    /// The median.
    P50,
    /// The 90th.
    P90,
    /// The 95th.
    P95,
    /// The 99th.
    P99,
    /// The 99.9th.
    P999,
}

impl Percentile {
    /// 0.99 for [`Percentile::P99`].
    pub const fn share(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }

    /// Fewer values than this say too little about it.
    pub const fn floor(self) -> usize {
        match self {
            Self::P50 => 11,
            Self::P90 => 64,
            Self::P95 => 130,
            Self::P99 => 662,
            Self::P999 => 6636,
        }
    }
}
