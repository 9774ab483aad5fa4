//! What Linux counts of a process, which is named by its id or as `self`. Zero when it is gone.

use std::fmt::Display;
use std::fs;
use std::time::Duration;

/// Processor time of a process, all threads: its own, and what the system spent for it.
#[derive(Clone, Copy, Default)]
pub struct Cpu {
    pub program: Duration,
    pub system: Duration,
}

impl Cpu {
    /// What was spent since then.
    pub fn since(self, earlier: Self) -> Self {
        Self { program: self.program - earlier.program, system: self.system - earlier.system }
    }
}

/// Processor time so far. Linux counts it in hundredths of a second (`_SC_CLK_TCK`).
pub fn cpu(process: impl Display) -> Cpu {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
    Cpu { program: Duration::from_millis(ticks(11) * 10), system: Duration::from_millis(ticks(12) * 10) }
}

/// Memory in KiB by its name in `/proc/PID/status`: `VmRSS` now, `VmHWM` at the peak.
pub fn memory_kib(process: impl Display, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0)
}
