use super::failure::Failure;
use crate::cli::EvalMatchingArgs;
use crate::matching::evaluate_matching;

/// Scores the matcher; returns what there is to say.
pub(super) fn matching(args: &EvalMatchingArgs) -> Result<String, Failure> {
    let evaluation = evaluate_matching(&args.dir)?;
    let files = evaluation.write(&args.out)?;
    Ok(if args.json {
        evaluation.to_json()? + "\n"
    } else {
        let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        format!("{}\nfigures and pictures: {}\n", evaluation.to_table(), files.join(" "))
    })
}
