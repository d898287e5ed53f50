//! A message that spans pieces, gathered in memory that grows with what came, and not with what a length promises.

/// Adds bytes. Memory begins with `first` bytes and doubles, but never to more than `whole`, the message's length, unless
/// more than that comes.
pub(super) fn gather(gathered: &mut Vec<u8>, bytes: &[u8], first: usize, whole: usize) {
    let needed = gathered.len() + bytes.len();
    if needed > gathered.capacity() {
        let grown = (2 * gathered.capacity()).max(first).min(whole).max(needed);
        gathered.reserve_exact(grown - gathered.len());
    }
    gathered.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::gather;

    #[test]
    fn memory_grows_with_what_came_up_to_the_whole() {
        let mut gathered = Vec::new();
        let mut capacities = Vec::new();
        for _ in 0..6 {
            gather(&mut gathered, &[0; 40], 64, 200);
            capacities.push(gathered.capacity());
        }
        assert_eq!(capacities, [64, 128, 128, 200, 200, 240]);
        assert_eq!(gathered.len(), 240);
    }
}
