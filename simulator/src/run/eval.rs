use super::failure::Failure;
use crate::cli::EvalMatchingArgs;
use crate::matching::evaluate_matching;

/// Scores the matcher; returns what there is to say.
pub(super) fn matching(args: &EvalMatchingArgs) -> Result<String, Failure> {
    let evaluation = evaluate_matching(&args.dir)?;
    let summary = evaluation.write(&args.out)?;
    Ok(if args.json {
        evaluation.to_json()? + "\n"
    } else {
        format!("{}\nfigures: {}\n", evaluation.to_table(), summary.display())
    })
}
