use rustix::process::{Resource, Rlimit, getrlimit};

use super::{Finding, Topic};

/// Ten thousand connections, and what else is open.
const WANTED: u64 = 10_240;

pub(super) fn examine() -> Finding {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    judged(current, maximum)
}

/// `None` stands for no limit.
fn judged(soft: Option<u64>, hard: Option<u64>) -> Finding {
    let shown = |limit: Option<u64>| limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
    let found = format!("soft limit {}, hard limit {}", shown(soft), shown(hard));
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= WANTED);
    if is_enough(soft) {
        return Finding::good(Topic::Descriptors, found);
    }
    let advice = if is_enough(hard) {
        format!("`ulimit -n {WANTED}` in the shell that starts `runexp`, for 10000 connections at once")
    } else {
        format!(
            "raise the hard limit to {WANTED} for 10000 connections: limits.conf(5), or `LimitNOFILE=` of a service"
        )
    };
    Finding::attention(Topic::Descriptors, found, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    #[test]
    fn ten_thousand_connections_need_as_many_descriptors() {
        let found = [
            judged(Some(20_000), Some(20_000)),
            judged(None, None),
            judged(Some(1_024), Some(1_048_576)),
            judged(Some(1_024), Some(4_096)),
        ];
        insta::assert_snapshot!(table(&found), @r"
        descriptors   good       soft limit 20000, hard limit 20000
        descriptors   good       soft limit none, hard limit none
        descriptors   attention  soft limit 1024, hard limit 1048576
                                 help: `ulimit -n 10240` in the shell that starts `runexp`, for 10000 connections at once
        descriptors   attention  soft limit 1024, hard limit 4096
                                 help: raise the hard limit to 10240 for 10000 connections: limits.conf(5), or `LimitNOFILE=` of a service
        ");
    }
}
