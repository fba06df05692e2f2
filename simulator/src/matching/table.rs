use std::fmt::Write;

use super::evaluation::{ConfigurationScore, MatchingEvaluation};

const HEAD: [&str; 3] = [
    "                 route mismatch                       correct           right road and direction       breaks,",
    "                                                                       at once                         gap, jump,",
    "every      lag   pooled    mean  missing    extra   pooled    mean     all   +far  moving  final       no way  held  rej.",
];

impl MatchingEvaluation {
    /// The figures of all configurations in lines of at most 120 characters; shares are in per cent.
    pub fn to_table(&self) -> String {
        let mut out = format!(
            "{} tracks, shares in per cent, of the sums of all tracks but for the means\n{}\n",
            self.tracks,
            HEAD.join("\n")
        );
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
    let maybe = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.2}", share * 100.0));
    let breaks = format!("{}, {}, {}", sums.breaks.gap, sums.breaks.jump, sums.breaks.no_route);
    let _ = writeln!(
        out,
        "{:>3} s  {lag:>7}  {:>7.2} {:>7.2}  {:>7.2}  {:>7.2}  {:>7.2} {:>7.2}  {:>6} {:>6}  {:>6} {:>6} {breaks:>12} {:>5} {:>5}",
        score.sampling_s,
        pooled.route_mismatch * 100.0,
        mean.route_mismatch * 100.0,
        pooled.missing * 100.0,
        pooled.extra * 100.0,
        pooled.correct * 100.0,
        mean.correct * 100.0,
        maybe(pooled.at_once),
        maybe(pooled.at_once_with_far),
        maybe(pooled.at_once_moving),
        maybe(pooled.committed),
        sums.held.total(),
        sums.rejected.total(),
    );
}
