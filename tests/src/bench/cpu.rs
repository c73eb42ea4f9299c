//! CPU time of processes, as the kernel counts it.

use std::time::Duration;

/// The kernel counts in hundredths of a second, whatever its own clock is.
const TICKS_PER_SECOND: u64 = 100;
/// Places of the user's and the system's time in `/proc/PID/stat`, counted after the name.
const TIMES: [usize; 2] = [11, 12];
/// Places of the same times of children whose end the process has seen.
const CHILDRENS_TIMES: [usize; 2] = [13, 14];

/// CPU time that a process and its finished threads took so far; zero for a process that is gone.
pub(super) fn of(process: u32) -> Duration {
    ticks(process, TIMES)
}

/// CPU time of a process, its living children and those whose end it has seen.
pub(super) fn of_family(process: u32) -> Duration {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"))
        .unwrap_or_default();
    let children = children
        .split_whitespace()
        .filter_map(|child| child.parse().ok());
    of(process) + ticks(process, CHILDRENS_TIMES) + children.map(of).sum::<Duration>()
}

/// CPU time of several processes.
pub(super) fn of_all(processes: &[u32]) -> Duration {
    processes.iter().map(|process| of(*process)).sum()
}

/// CPU time of this process.
pub(super) fn own() -> Duration {
    of(std::process::id())
}

fn ticks(process: u32, times: [usize; 2]) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything.
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = times
        .iter()
        .filter_map(|place| fields.get(*place)?.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 1_000 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted_and_waiting_is_not() {
        let before = own();
        let mut sum = 0u64;
        while own() < before + Duration::from_millis(50) {
            sum = sum.wrapping_mul(31).wrapping_add(std::hint::black_box(7));
        }
        assert!(std::hint::black_box(sum) != 1);
        assert_eq!(of(u32::MAX), Duration::ZERO);
    }
}
