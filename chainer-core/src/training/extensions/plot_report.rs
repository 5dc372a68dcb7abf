//! Curves of observed values as a picture.

use std::sync::Once;

use chainer_kernels::{Error, ErrorKind, Result};
use plotters::prelude::*;

use super::super::{Context, Epoch, Extension, IntoTrigger, Trigger};
use super::console::general;
use crate::serializers::{Serializable, Serializer};
use crate::summary::DictSummary;

/// Plots means of observed values against the iteration, or another value, as a PNG in the output folder, once an epoch.
///
/// ```no_run
/// use chainer::training::extensions::PlotReport;
///
/// let plot = PlotReport::new(["main/loss", "validation/main/loss"], "epoch").file_name("loss.png");
/// ```
pub struct PlotReport {
    y_keys: Vec<String>,
    x_key: String,
    interval: Box<dyn Trigger>,
    file_name: String,
    marker: bool,
    grid: bool,
    summary: DictSummary,
    /// The points of each key so far.
    curves: Vec<Vec<(f64, f64)>>,
}

/// The size of the picture.
const SIZE: (u32, u32) = (640, 480);
/// The name of the one font there is.
const FONT: &str = "sans-serif";

impl PlotReport {
    /// Plots the values `y_keys` against `x_key`, which is `iteration`, `epoch` or an observed value, to `plot.png`.
    pub fn new<K: Into<String>>(y_keys: impl IntoIterator<Item = K>, x_key: impl Into<String>) -> Self {
        let y_keys: Vec<String> = y_keys.into_iter().map(Into::into).collect();
        PlotReport {
            curves: vec![Vec::new(); y_keys.len()],
            y_keys,
            x_key: x_key.into(),
            interval: (1, Epoch).into_trigger(),
            file_name: "plot.png".to_owned(),
            marker: true,
            grid: true,
            summary: DictSummary::new(),
        }
    }

    /// How often to add a point and draw, instead of once an epoch.
    pub fn every(mut self, interval: impl IntoTrigger) -> Self {
        self.interval = interval.into_trigger();
        self
    }

    /// The name of the picture's file; it has to end in `.png`.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = name.into();
        self
    }

    /// Whether points are marked (they are, by default).
    pub fn marker(mut self, marker: bool) -> Self {
        self.marker = marker;
        self
    }

    /// Whether a grid is drawn (it is, by default).
    pub fn grid(mut self, grid: bool) -> Self {
        self.grid = grid;
        self
    }

    fn draw(&self, context: &Context<'_>) -> Result<()> {
        let failed = |reason: String| Error::new(ErrorKind::Io, "PlotReport", reason);
        if !self.file_name.to_ascii_lowercase().ends_with(".png") {
            return Err(Error::value("PlotReport", "file_name ending in .png", format!("{:?}", self.file_name)));
        }
        register_font();
        // The encoder chooses the format by the ending, so the temporary file needs it, too.
        let path = context.out.join(&self.file_name);
        let temporary = tempfile::Builder::new()
            .prefix(".plot.")
            .suffix(".png")
            .tempfile_in(context.out)
            .map_err(|error| Error::io("PlotReport", &path, error))?
            .into_temp_path();
        self.draw_to(&temporary).map_err(|error| failed(format!("{}: {error}", path.display())))?;
        // The encoder made the file anew or wrote into a private one; either way others may read a picture.
        #[cfg(unix)]
        let _ = std::fs::set_permissions(&temporary, std::os::unix::fs::PermissionsExt::from_mode(0o644));
        temporary.persist(&path).map_err(|error| Error::io("PlotReport", &path, error.error))
    }

    fn draw_to(&self, path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
        let root = BitMapBackend::new(path, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let points = || self.curves.iter().flatten();
        let x_range = range(points().map(|(x, _)| *x));
        let y_range = range(points().map(|(_, y)| *y));
        // Losses end low and accuracies high: the legend goes to the other corner.
        let middle = (y_range.start + y_range.end) / 2.0;
        let high = self.curves.iter().filter(|curve| curve.last().is_some_and(|(_, y)| *y > middle)).count();
        let corner = match 2 * high > self.curves.len() {
            true => SeriesLabelPosition::LowerRight,
            false => SeriesLabelPosition::UpperRight,
        };
        let mut chart = ChartBuilder::on(&root)
            .margin(16)
            .x_label_area_size(36)
            .y_label_area_size(64)
            .build_cartesian_2d(x_range, y_range)?;
        let mut mesh = chart.configure_mesh();
        mesh.x_desc(&self.x_key).label_style((FONT, 14)).axis_desc_style((FONT, 15)).light_line_style(TRANSPARENT);
        mesh.x_label_formatter(&|x| general(*x, 6)).y_label_formatter(&|y| general(*y, 6));
        if !self.grid {
            mesh.disable_mesh();
        }
        mesh.draw()?;
        for (i, (key, curve)) in self.y_keys.iter().zip(&self.curves).enumerate() {
            let colour = COLOURS[i % COLOURS.len()];
            // A value that is not finite leaves a gap.
            for (j, piece) in curve.split(|(x, y)| !x.is_finite() || !y.is_finite()).enumerate() {
                let line = LineSeries::new(piece.iter().copied(), colour.stroke_width(2));
                let series = chart.draw_series(line)?;
                if j == 0 {
                    series
                        .label(key)
                        .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
                }
                if self.marker {
                    chart.draw_series(piece.iter().map(|point| Cross::new(*point, 4, colour.stroke_width(1))))?;
                }
            }
        }
        chart
            .configure_series_labels()
            .position(corner)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .label_font((FONT, 14))
            .draw()?;
        root.present()?;
        Ok(())
    }
}

const COLOURS: [RGBColor; 8] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
    RGBColor(227, 119, 194),
    RGBColor(127, 127, 127),
];

/// The range of the finite values with a margin around.
fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|value| value.is_finite()) {
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        return 0.0..1.0;
    }
    let margin = if high > low { (high - low) * 0.05 } else { low.abs().max(1.0) * 0.05 };
    low - margin..high + margin
}

/// Makes the embedded font known, once: plots need none of the system's.
fn register_font() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let font = include_bytes!("../../../data/font/DejaVuSans-latin.ttf");
        // A font that cannot be read shows in the first drawing, as an error.
        let _ = plotters::style::register_font(FONT, FontStyle::Normal, font);
    });
}

impl Extension for PlotReport {
    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        let mut numbers = context.observation.numbers()?;
        numbers.retain(|(name, _)| *name == self.x_key || self.y_keys.iter().any(|key| key == name));
        self.summary.add(numbers);
        if !self.interval.fire(context.clock, context.observation)? {
            return Ok(());
        }
        let means = std::mem::take(&mut self.summary).compute_mean();
        let mean = |name: &str| means.iter().find(|(known, _)| known == name).map(|(_, mean)| *mean);
        let x = match self.x_key.as_str() {
            "iteration" => Some(context.clock.iteration as f64),
            "epoch" => Some(context.clock.epoch as f64),
            key => mean(key),
        };
        let Some(x) = x else { return Ok(()) };
        for (key, curve) in self.y_keys.iter().zip(&mut self.curves) {
            curve.extend(mean(key).map(|y| (x, y)));
        }
        if self.y_keys.is_empty() { Ok(()) } else { self.draw(context) }
    }

    fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
        self.interval.serialize(&mut s.child("_trigger"))?;
        let mut summary = s.child("_summary");
        if !summary.is_loading() || summary.get("_names")?.is_some() {
            self.summary.serialize(&mut summary)?;
        }
        // Chainer's form: an object of lists of pairs, as JSON.
        let data: serde_json::Map<String, serde_json::Value> =
            self.y_keys.iter().cloned().zip(self.curves.iter().map(|curve| serde_json::json!(curve))).collect();
        let mut text = serde_json::Value::Object(data).to_string();
        let key = format!("_plot_{}", self.file_name);
        s.value(&key, &mut text)?;
        if s.is_loading() {
            let data: std::collections::HashMap<String, Vec<(f64, Option<f64>)>> =
                serde_json::from_str(&text.replace("NaN", "null"))
                    .map_err(|error| s.error(&key, &format!("expected the points of a plot as JSON: {error}")))?;
            for (name, curve) in self.y_keys.iter().zip(&mut self.curves) {
                let points = data.get(name).into_iter().flatten();
                *curve = points.map(|(x, y)| (*x, y.unwrap_or(f64::NAN))).collect();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::CountingUpdater;
    use super::*;
    use crate::training::{Iteration, Trainer};

    #[test]
    fn a_picture_is_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(10, 5), (20, Iteration)).out(folder.path());
        let keys = ["main/loss", "main/accuracy", "never/reported"];
        trainer.extend(PlotReport::new(keys, "epoch").file_name("loss.png"));
        trainer.run().unwrap();
        let picture = std::fs::read(folder.path().join("loss.png")).unwrap();
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"));
        assert_eq!(&picture[16..24], [0, 0, 2, 128, 0, 0, 1, 224], "width and height");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary files are left");
        if let Some(keep) = std::env::var_os("KEEP_PLOT") {
            std::fs::copy(folder.path().join("loss.png"), keep).unwrap();
        }
    }

    #[test]
    fn odd_values_and_names() {
        assert_eq!(range([f64::NAN, f64::INFINITY].into_iter()), 0.0..1.0);
        assert_eq!(range([0.0].into_iter()), -0.05..0.05);
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Trainer::new(CountingUpdater::new(10, 5), (1, Iteration)).out(folder.path());
        trainer.extend(PlotReport::new(["main/loss"], "iteration").every((1, Iteration)).file_name("loss.jpeg"));
        assert!(trainer.run().unwrap_err().to_string().contains(".png"));
    }
}
