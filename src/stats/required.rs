use super::t_quantile;

/// More repetitions than anyone would make.
const MOST: u32 = 1_000_000;

/// The fewest repetitions whose t interval, `± t · spread / √n`, reaches no
/// further than `half_width`; both in the same unit, standard deviation and
/// distance. `None` if no number under a million is enough.
///
/// The width of the interval shrinks with every repetition, so the number is
/// found by halving. Textbook iteration over t quantiles, as in Montgomery,
/// *Design and Analysis of Experiments*, on the choice of sample size.
pub fn required_n(spread: f64, half_width: f64, confidence: f64) -> Option<u32> {
    let is_enough = |n: u32| {
        let t = t_quantile(f64::midpoint(1.0, confidence), f64::from(n) - 1.0)?;
        Some(t * spread / f64::from(n).sqrt() <= half_width)
    };
    let (mut too_few, mut enough) = (1, MOST);
    if !is_enough(enough)? {
        return None;
    }
    while too_few + 1 < enough {
        let middle = u32::midpoint(too_few, enough);
        if is_enough(middle)? {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Some(enough)
}

#[cfg(test)]
mod tests {
    use super::required_n;

    /// From a printed table of t: 95 %, d = half-width ÷ standard deviation.
    #[test]
    fn required_n_agrees_with_tables_of_t() {
        let needed = [2.0, 1.0, 0.5, 0.2].map(|d| required_n(1.0, d, 0.95));
        assert_eq!(needed, [Some(4), Some(7), Some(18), Some(99)]);
    }

    #[test]
    fn nothing_is_enough_for_no_width_and_two_for_no_spread() {
        assert_eq!(required_n(0.03, 0.0, 0.95), None);
        assert_eq!(required_n(0.03, f64::NAN, 0.95), None);
        assert_eq!(required_n(0.0, 0.1, 0.95), Some(2));
        assert_eq!(required_n(1.0, 0.5, 1.0), None);
    }
}
