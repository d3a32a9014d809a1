use super::server::Sent;
use crate::record::RequestRecord;
use crate::stats::Sample;
use crate::units::Nanos;

/// How far the driver's times are from the server's own, which reads the same
/// clock. In seconds.
#[derive(Clone, Debug)]
pub struct Accuracy {
    /// The driver's time to first token less the server's, from the whole
    /// request read to the first token handed to the kernel: all that driver,
    /// kernel and the server's wake-up add.
    pub ttft: Sample,
    /// From a first token handed to the kernel to its time stamp.
    pub first_token_late: Sample,
    /// Differences between the gaps of two tokens that followed each other, as
    /// the driver and as the server saw them; never negative.
    pub gap: Sample,
}

impl Accuracy {
    /// Over replies and when they were sent; `None` if there are none.
    pub(super) fn of<'a>(replies: impl Iterator<Item = (&'a RequestRecord, Sent)>) -> Option<Self> {
        let (mut ttft, mut late, mut gap) = (Vec::new(), Vec::new(), Vec::new());
        for (record, sent) in replies {
            let arrivals = arrivals(record);
            let (Some(arrived), Some(first)) = (arrivals.first(), sent.tokens.first()) else { continue };
            late.push(difference(*arrived, *first));
            ttft.push(arrived.since(record.sent_ns).seconds() - first.since(sent.received).seconds());
            let pairs = arrivals.windows(2).zip(sent.tokens.windows(2));
            gap.extend(
                pairs.map(|(ours, theirs)| difference(ours[1].since(ours[0]), theirs[1].since(theirs[0])).abs()),
            );
        }
        let of = |values| Sample::new(values).ok();
        Some(Self { ttft: of(ttft)?, first_token_late: of(late)?, gap: of(gap)? })
    }
}

/// When each token of a reply arrived.
fn arrivals(record: &RequestRecord) -> Vec<Nanos> {
    let mut at = record.sent_ns;
    let mut arrivals = Vec::new();
    for (position, gap) in record.chunks.gaps_ns.iter().enumerate() {
        at = at.plus(Nanos(*gap));
        arrivals.extend((0..record.chunks.events_at(position)).map(|_| at));
    }
    arrivals
}

/// In seconds.
fn difference(one: Nanos, other: Nanos) -> f64 {
    one.since(other).seconds() - other.since(one).seconds()
}
