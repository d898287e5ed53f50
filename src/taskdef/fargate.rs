//! The task sizes that Fargate offers.
//!
//! Source: "Task CPU and memory" in the Amazon ECS developer guide, Linux containers.

use std::ops::RangeInclusive;

/// A Fargate CPU size with the memory it can have.
struct Row {
    cpu: u64,
    memory: RangeInclusive<u64>,
    step: u64,
}

const ROWS: [Row; 7] = [
    // 256 CPU units take 512, 1024 or 2048 MiB: the one row whose sizes double.
    Row { cpu: 256, memory: 512..=2048, step: 512 },
    Row { cpu: 512, memory: 1024..=4096, step: 1024 },
    Row { cpu: 1024, memory: 2048..=8192, step: 1024 },
    Row { cpu: 2048, memory: 4096..=16384, step: 1024 },
    Row { cpu: 4096, memory: 8192..=30720, step: 1024 },
    Row { cpu: 8192, memory: 16384..=61440, step: 4096 },
    Row { cpu: 16384, memory: 32768..=122880, step: 8192 },
];

impl Row {
    fn sizes(&self) -> impl Iterator<Item = (u64, u64)> {
        let not_a_size = |memory: &u64| self.cpu == 256 && *memory == 1536;
        self.memory.clone().step_by(self.step as usize).filter(move |m| !not_a_size(m)).map(|memory| (self.cpu, memory))
    }
}

/// Whether Fargate offers `cpu` units with `memory` MiB.
pub fn offers(cpu: u64, memory: u64) -> bool {
    ROWS.iter().flat_map(Row::sizes).any(|size| size == (cpu, memory))
}

/// The smallest size with at least `cpu` units and `memory` MiB, as CPU units and MiB; `None` beyond the largest.
pub fn smallest(cpu: u64, memory: u64) -> Option<(u64, u64)> {
    ROWS.iter().flat_map(Row::sizes).find(|size| size.0 >= cpu && size.1 >= memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_documented_one() {
        assert_eq!(ROWS.iter().flat_map(Row::sizes).count(), 3 + 4 + 7 + 13 + 23 + 12 + 12);
        for size in [(256, 512), (256, 2048), (512, 4096), (4096, 30720), (8192, 20480), (16384, 122880)] {
            assert!(offers(size.0, size.1), "{size:?}");
        }
        for size in [(256, 1536), (256, 4096), (512, 512), (1024, 2049), (8192, 17408), (16384, 33792), (300, 512)] {
            assert!(!offers(size.0, size.1), "{size:?}");
        }
    }

    #[test]
    fn growing_goes_to_the_next_size_that_fits() {
        assert_eq!(smallest(257, 512), Some((512, 1024)));
        assert_eq!(smallest(256, 513), Some((256, 1024)));
        assert_eq!(smallest(256, 1025), Some((256, 2048)));
        assert_eq!(smallest(256, 2049), Some((512, 3072)));
        assert_eq!(smallest(16384, 122881), None);
    }
}
