//! Which of two sequences' items belong together: the longest common subsequence, so that one item more on either side is one
//! difference and not as many as follow it.

/// A place of two sequences laid side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair<'i, T> {
    /// On both sides.
    Both(&'i T, &'i T),
    /// On the left only.
    Left(&'i T),
    /// On the right only.
    Right(&'i T),
}

/// Lays two sequences side by side. `likeness` says how well two items go together; 0 is not at all. Of what stands between two
/// pairs, the left comes first.
///
/// It takes the product of both lengths in time and memory: beyond `MOST` items, what is left is put side by side as it comes.
pub(super) fn align<'i, T>(left: &'i [T], right: &'i [T], likeness: impl Fn(&T, &T) -> u32) -> Vec<Pair<'i, T>> {
    const MOST: usize = 2048;
    let (left, left_rest) = left.split_at(left.len().min(MOST));
    let (right, right_rest) = right.split_at(right.len().min(MOST));
    let width = right.len() + 1;
    // The best that the rests from (i, j) on can do together.
    let mut best = vec![0_u32; (left.len() + 1) * width];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            let alone = best[(i + 1) * width + j].max(best[i * width + j + 1]);
            best[i * width + j] = match likeness(&left[i], &right[j]) {
                0 => alone,
                likeness => alone.max(likeness + best[(i + 1) * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::with_capacity(left.len().max(right.len()));
    while i < left.len() && j < right.len() {
        let here = best[i * width + j];
        let likeness = likeness(&left[i], &right[j]);
        if likeness > 0 && here == likeness + best[(i + 1) * width + j + 1] {
            pairs.push(Pair::Both(&left[i], &right[j]));
            (i, j) = (i + 1, j + 1);
        } else if here == best[(i + 1) * width + j] {
            pairs.push(Pair::Left(&left[i]));
            i += 1;
        } else {
            pairs.push(Pair::Right(&right[j]));
            j += 1;
        }
    }
    pairs.extend(left[i..].iter().map(Pair::Left));
    pairs.extend(right[j..].iter().map(Pair::Right));
    let both = left_rest.len().min(right_rest.len());
    pairs.extend(left_rest.iter().zip(right_rest).map(|(left, right)| Pair::Both(left, right)));
    pairs.extend(left_rest[both..].iter().map(Pair::Left));
    pairs.extend(right_rest[both..].iter().map(Pair::Right));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `=` for a pair, `-` for left only, `+` for right only, each with its letter; capitals and small letters go together, but
    /// not as well as equals.
    fn check(left: &str, right: &str, expected: &str) {
        let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
        let likeness = |a: &char, b: &char| 2 * u32::from(a.eq_ignore_ascii_case(b)) + u32::from(a == b);
        let pairs: String = align(&left, &right, likeness)
            .iter()
            .map(|pair| match pair {
                Pair::Both(a, _) => format!("={a}"),
                Pair::Left(a) => format!("-{a}"),
                Pair::Right(b) => format!("+{b}"),
            })
            .collect();
        assert_eq!(pairs, expected, "{left:?} {right:?}");
    }

    #[test]
    fn one_item_more_is_one_difference() {
        check("", "", "");
        check("abc", "abc", "=a=b=c");
        check("abc", "abxc", "=a=b+x=c");
        check("abxc", "abc", "=a=b-x=c");
        check("abc", "", "-a-b-c");
        check("axc", "ayc", "=a-x+y=c");
        check("ab", "ba", "-a=b+a");
    }

    #[test]
    fn of_two_that_go_together_the_better_one_is_taken() {
        check("b", "Bb", "+B=b");
        check("B", "b", "=B");
    }
}
