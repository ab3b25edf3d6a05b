//! Counts of occurrences by kind, such as rows by GPU or results by the reason why they were left out.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map;

/// The number of occurrences of each key, in the order of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<K>(BTreeMap<K, usize>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Tally<K> {
    /// Counts `occurrences` more of a key; zero leaves the tally as it is.
    pub fn add(&mut self, key: K, occurrences: usize) {
        if occurrences > 0 {
            *self.0.entry(key).or_default() += occurrences;
        }
    }

    /// Adds the counts of another tally.
    pub fn append(&mut self, other: Self) {
        for (key, occurrences) in other.0 {
            self.add(key, occurrences);
        }
    }

    /// The occurrences of a key.
    #[must_use]
    pub fn count(&self, key: &K) -> usize {
        self.0.get(key).copied().unwrap_or(0)
    }

    /// The occurrences of all keys together.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// The number of different keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys with their counts, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, usize)> {
        self.0.iter().map(|(key, occurrences)| (key, *occurrences))
    }

    /// The keys with their counts, the most frequent first and equal counts by their words.
    #[must_use]
    pub fn most_frequent_first(&self) -> Vec<(&K, usize)>
    where
        K: ToString,
    {
        let mut counts: Vec<(&K, usize)> = self.iter().collect();
        counts.sort_by_cached_key(|(key, occurrences)| (Reverse(*occurrences), key.to_string()));
        counts
    }
}

impl<K: Ord> FromIterator<K> for Tally<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut tally = Self::default();
        for key in keys {
            tally.add(key, 1);
        }
        tally
    }
}

impl<K> IntoIterator for Tally<K> {
    type Item = (K, usize);
    type IntoIter = btree_map::IntoIter<K, usize>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_comes_first_and_equal_counts_are_in_the_order_of_their_words() {
        let mut tally: Tally<&str> = ["b", "a", "c", "c"].into_iter().collect();
        tally.append(Tally::from_iter(["c"]));
        tally.add("d", 0);
        assert_eq!(tally.most_frequent_first(), [(&"c", 3), (&"a", 1), (&"b", 1)]);
        assert_eq!((tally.total(), tally.len(), tally.count(&"d")), (5, 3, 0));
    }
}
