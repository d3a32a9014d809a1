//! Random choices that follow from one seed, each from a stream of its own.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The seed of one named choice. Streams of different names are independent,
/// so a choice added later does not change those made before.
pub fn derive(seed: u64, name: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(name.as_bytes());
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

/// A generator whose stream does not change between releases.
pub(super) fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// The numbers 0 … `count` − 1 in random order (Fisher and Yates).
pub fn permutation(seed: u64, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut random = generator(seed);
    for last in (1..count).rev() {
        let chosen = random.random_range(0..=last);
        order.swap(last, chosen);
    }
    order
}

/// Endless numbers below `count`, each as likely as another.
pub fn choices(seed: u64, count: usize) -> impl Iterator<Item = usize> {
    let mut random = generator(seed);
    std::iter::repeat_with(move || random.random_range(0..count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_name_always_give_the_same_order() {
        assert_eq!(permutation(derive(1, "block 0"), 6), [4, 3, 1, 2, 5, 0]);
        assert_ne!(derive(1, "block 0"), derive(1, "block 1"));
        assert_ne!(derive(1, "block 0"), derive(2, "block 0"));
    }

    #[test]
    fn every_order_of_three_is_about_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6000 {
            *counts.entry(permutation(seed, 3)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
