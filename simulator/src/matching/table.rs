use std::fmt::Write;

use super::evaluation::{ConfigurationScore, MatchingEvaluation};

/// What is above the columns that [`row`] writes.
const HEAD: &str = "                 route mismatch                     correct          \
    road and direction right         broken by\n\
    every      lag   pooled    mean  missing    extra   pooled    mean  \
    \u{20} once  + far  moving  final gap jump way held  rej.\n";

impl MatchingEvaluation {
    /// The figures of all configurations in lines of at most 120 characters; shares are in per cent.
    pub fn to_table(&self) -> String {
        let mut out =
            format!("{} tracks; shares in per cent, of the sums of all tracks but for the means\n", self.tracks);
        out.push_str(HEAD);
        for (nth, score) in self.configurations.iter().enumerate() {
            if nth > 0 && score.sampling_s != self.configurations[nth - 1].sampling_s {
                out.push('\n');
            }
            row(&mut out, score);
        }
        if let Some(score) = self.configurations.first() {
            let (far, fixes) = (score.sums.far, score.sums.fixes);
            let _ = writeln!(
                out,
                "\n{far} of {fixes} fixes are far from the true route: nobody knows what is right for them"
            );
        }
        out
    }
}

fn row(out: &mut String, score: &ConfigurationScore) {
    let lag = score.lag_fixes.map_or_else(|| "default".to_owned(), |fixes| fixes.to_string());
    let (pooled, mean, sums) = (&score.pooled, &score.mean, &score.sums);
    let cent = |share: f64| format!("{:.2}", share * 100.0);
    let maybe = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), cent);
    let _ = write!(
        out,
        "{:>3} s  {lag:>7}  {:>7} {:>7}  {:>7}  {:>7}  {:>7} {:>7}",
        score.sampling_s,
        cent(pooled.route_mismatch),
        cent(mean.route_mismatch),
        cent(pooled.missing),
        cent(pooled.extra),
        cent(pooled.correct),
        cent(mean.correct),
    );
    let _ = writeln!(
        out,
        "  {:>6} {:>6}  {:>6} {:>6} {:>3} {:>4} {:>3} {:>4} {:>5}",
        maybe(pooled.at_once),
        maybe(pooled.at_once_with_far),
        maybe(pooled.at_once_moving),
        maybe(pooled.committed),
        sums.breaks.gap,
        sums.breaks.jump,
        // Whether a new trace began or the old one went on: no way led there.
        sums.breaks.no_route + sums.breaks.jumped,
        sums.held.total(),
        sums.rejected.total(),
    );
}
