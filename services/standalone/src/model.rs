//! `rescate model`: trains, judges and shows models on recorded decision points. Needs no running suite.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use risk_scoring::ModelFormat;
use risk_scoring::training::{
    self, Evaluation, Kind, Points, PointsError, Settings, TrainingError,
};
use thiserror::Error;

use crate::output::{line, note};

/// Train, judge and show models of abandonment.
///
/// FILE holds decision points: one row for each session and moment, as CSV, CSV under gzip (.gz) or Parquet (.parquet), with the
/// columns of services/risk-scoring/models/README.md. Features are made of a row by the same function that serves live moments, and
/// whoever is learned from is never judged.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rescate model train --points decision_points.csv.gz --out model.json --samples samples.json
  rescate model evaluate --points decision_points.csv.gz --model model.json --json
  rescate model report --points decision_points.csv.gz --model model.json --out report.html")]
pub(crate) struct ModelArguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Train a model, and print how good such models are by cross-validation over visitors.
    Train(TrainArguments),
    /// Judge a model file on decision points.
    Evaluate(EvaluateArguments),
    /// Write one HTML page about a model file: reliability, ROC, features, scores by outcome.
    Report(ReportArguments),
}

#[derive(Debug, Args)]
struct PointsArguments {
    /// The decision points.
    #[arg(long, value_name = "FILE")]
    points: PathBuf,
    /// Hours that the shoppers' clocks are ahead of the file's; that of the published model.
    #[arg(long, default_value_t = -6, allow_negative_numbers = true, value_name = "HOURS")]
    utc_offset_hours: i32,
}

#[derive(Debug, Args)]
struct ModelFileArguments {
    /// The model file.
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// How the model file is written.
    #[arg(long, value_enum, default_value_t = FormatName::Rescate)]
    format: FormatName,
}

#[derive(Debug, Args)]
struct TrainArguments {
    #[command(flatten)]
    points: PointsArguments,
    /// Where to write the model.
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
    /// Where to write rows with the scores that the model gives them, which its registration asks for.
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
    /// What kind of model to train.
    #[arg(long, value_enum, default_value_t = KindName::Trees)]
    kind: KindName,
    /// Seed of folds and trainer: the same file and seed give the same bytes.
    #[arg(long, default_value_t = Settings::default().seed)]
    seed: u64,
    /// Parts of the visitors for cross-validation.
    #[arg(long, default_value_t = Settings::default().folds, value_parser = clap::value_parser!(u32).range(2..=20))]
    folds: u32,
    /// Trees of the model, where it is made of trees.
    #[arg(long, default_value_t = Settings::default().trees, value_parser = clap::value_parser!(u32).range(1..=2000))]
    trees: u32,
    /// Questions on the way to a leaf, at most.
    #[arg(long, default_value_t = Settings::default().depth, value_parser = clap::value_parser!(u32).range(1..=8))]
    depth: u32,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct EvaluateArguments {
    #[command(flatten)]
    points: PointsArguments,
    #[command(flatten)]
    model: ModelFileArguments,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ReportArguments {
    #[command(flatten)]
    points: PointsArguments,
    #[command(flatten)]
    model: ModelFileArguments,
    /// Where to write the page.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// Gradient-boosted trees.
    Trees,
    /// Logistic regression.
    Logistic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// JSON of `rescate model train`.
    Rescate,
    /// Text of `LightGBM`.
    Lightgbm,
    /// JSON of `XGBoost`.
    Xgboost,
}

/// Why the command did not do its task.
#[derive(Debug, Error)]
pub(crate) enum ModelError {
    #[error("no decision points could be read")]
    Points(#[from] PointsError),
    #[error("the task failed")]
    Training(#[from] TrainingError),
    #[error("`{}` cannot be read or written", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the figures cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

pub(crate) fn run(arguments: &ModelArguments) -> Result<(), ModelError> {
    match &arguments.task {
        Task::Train(arguments) => train(arguments),
        Task::Evaluate(arguments) => evaluate(arguments),
        Task::Report(arguments) => report(arguments),
    }
}

fn train(arguments: &TrainArguments) -> Result<(), ModelError> {
    for path in std::iter::once(&arguments.out).chain(&arguments.samples) {
        check_writable(path)?;
    }
    let points = arguments.points.read()?;
    let settings = Settings {
        kind: arguments.kind.into(),
        seed: arguments.seed,
        folds: arguments.folds,
        trees: arguments.trees,
        depth: arguments.depth,
        ..Settings::default()
    };
    note(format_args!(
        "training on {} decision points, {} times for cross-validation and once for good",
        points.len(),
        settings.folds
    ));
    let trained = training::train(&points, &settings)?;
    write(&arguments.out, &trained.json)?;
    if let Some(samples) = &arguments.samples {
        let rows = training::samples(&points, ModelFormat::Rescate, &trained.json)?;
        write(samples, &rows)?;
    }
    if arguments.json {
        return json(&trained.cross_validation);
    }
    text(&trained.cross_validation);
    Ok(())
}

fn evaluate(arguments: &EvaluateArguments) -> Result<(), ModelError> {
    let points = arguments.points.read()?;
    let model = read(&arguments.model.model)?;
    let figures = training::evaluate(&points, arguments.model.format.into(), &model)?;
    if arguments.json {
        return json(&figures);
    }
    text(&figures);
    Ok(())
}

fn report(arguments: &ReportArguments) -> Result<(), ModelError> {
    check_writable(&arguments.out)?;
    let points = arguments.points.read()?;
    let ModelFileArguments { model, format } = &arguments.model;
    let title = model
        .file_name()
        .unwrap_or(model.as_os_str())
        .to_string_lossy();
    let page = training::report(&points, (*format).into(), &read(model)?, &title)?;
    write(&arguments.out, &page)
}

impl PointsArguments {
    fn read(&self) -> Result<Points, PointsError> {
        Points::read(&self.points, self.utc_offset_hours)
    }
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Trees => Self::BoostedTrees,
            KindName::Logistic => Self::Logistic,
        }
    }
}

impl From<FormatName> for ModelFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Rescate => Self::Rescate,
            FormatName::Lightgbm => Self::LightGbmText,
            FormatName::Xgboost => Self::XgBoostJson,
        }
    }
}

fn json(evaluation: &Evaluation) -> Result<(), ModelError> {
    line(serde_json::to_string_pretty(evaluation)?);
    Ok(())
}

fn text(evaluation: &Evaluation) {
    for view in &evaluation.views {
        line(view.view);
        let pooled = ("all".to_owned(), &view.pooled);
        let by_k = view
            .by_k
            .iter()
            .map(|(k, figures)| (k.to_string(), figures));
        for (k, figures) in by_k.chain([pooled]) {
            line(format_args!(
                "  k {k:>3}  n {:>6}  abandoned {:.4}  AUC {}  log-loss {:.4}  Brier {:.4}  AP {} / {}  ECE {:.4}",
                figures.n,
                figures.base_rate,
                share(figures.auc),
                figures.log_loss,
                figures.brier,
                share(figures.average_precision_abandoned),
                share(figures.average_precision_ordered),
                figures.expected_calibration_error,
            ));
        }
    }
}

/// A figure that is absent where only one outcome occurs.
fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

fn read(path: &Path) -> Result<String, ModelError> {
    fs::read_to_string(path).map_err(at(path))
}

/// Refuses a place that nothing can be written to before minutes of work are done for it. A file that is there stays as it is.
fn check_writable(path: &Path) -> Result<(), ModelError> {
    let known = path.exists();
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(at(path))?;
    if !known {
        fs::remove_file(path).map_err(at(path))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), ModelError> {
    fs::write(path, text).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ModelError {
    let path = path.to_owned();
    |source| ModelError::File { path, source }
}
