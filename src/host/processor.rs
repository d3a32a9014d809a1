//! CPU time of this process and its threads.
#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use std::fs;
use std::path::Path;

/// User and system time of this process in seconds, ended threads included;
/// `None` where `/proc` does not tell.
pub fn process_cpu_seconds() -> Option<f64> {
    cpu_seconds(Path::new("/proc/self/stat"))
}

/// The same of this process's living threads of a name.
pub fn threads_cpu_seconds(name: &str) -> Option<f64> {
    let threads = fs::read_dir("/proc/self/task").ok()?.flatten();
    let named =
        threads.filter(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(|own| own.trim_end() == name));
    Some(named.filter_map(|thread| cpu_seconds(&thread.path().join("stat"))).sum())
}

/// Fields 14 and 15 of a `stat` file, in ticks of 1/100 s (proc(5); `USER_HZ`
/// is 100 on every Linux that Rust runs on).
fn cpu_seconds(stat: &Path) -> Option<f64> {
    let stat = fs::read_to_string(stat).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_takes_a_part_of_what_its_process_takes() {
        let threads = std::thread::Builder::new().name("taking".to_owned());
        let busy = threads.spawn(|| {
            let mut taken = 0.0;
            while taken < 0.03 {
                taken = threads_cpu_seconds("taking").unwrap();
            }
            taken
        });
        let thread = busy.unwrap().join().unwrap();
        assert!(process_cpu_seconds().unwrap() >= thread);
        assert_eq!(threads_cpu_seconds("no such thread"), Some(0.0));
    }
}
