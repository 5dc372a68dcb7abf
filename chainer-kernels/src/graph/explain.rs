//! What a graph does, for people: its kernels with their cost, what the passes did, and why kernels that could have been one are not.

use std::fmt;

use super::ir::{Graph, Operation};
use super::passes::{Apart, Reason, Report};
use super::replay::Executable;
use crate::kernel::Kernel;

/// A graph that runs, to be read: printing it gives a table of its kernels and what there is to say about all of them together.
pub struct Explanation<'a> {
    /// The graph after its passes.
    pub graph: &'a Graph,
    /// What the passes did.
    pub report: &'a Report,
    /// What runs.
    pub executable: &'a Executable,
}

impl Explanation<'_> {
    /// How many captured kernels an operation stands for. (Those that were inlined or common are not counted.)
    fn parts(&self, op: &Operation) -> usize {
        let of = |outputs: &[super::Operand]| {
            outputs.iter().find_map(|output| self.report.parts.get(&output.tensor)).copied().unwrap_or(1)
        };
        let maps = match &op.kernel {
            Kernel::MapGroup(maps) => maps,
            // The product itself, too.
            Kernel::MatMulMap(_) => return of(&op.outputs) + 1,
            _ => return of(&op.outputs),
        };
        let mut rest = &op.outputs[..];
        let own = maps.iter().map(|map| {
            let (own, others) = rest.split_at(map.program.outputs.len().min(rest.len()));
            rest = others;
            of(own)
        });
        own.sum()
    }

    /// Neighbours that are still two kernels: their places, what leads from one to the other, and why.
    fn apart(&self) -> Vec<(usize, usize, &Apart)> {
        let writers = self.graph.writers();
        let place = |tensor: super::TensorId| writers.get(tensor.index()).copied().flatten().map(|op| op.0 as usize);
        let mut apart: Vec<(usize, usize, &Apart)> = self
            .report
            .apart
            .iter()
            .filter_map(|apart| Some((place(apart.tensor)?, place(apart.reader)?, apart)))
            .filter(|(writer, reader, _)| writer != reader)
            // What stood between has become part of one of them.
            .filter(|(_, _, apart)| if let Reason::Detour(tensor) = apart.why { place(tensor).is_some() } else { true })
            .collect();
        apart.sort_by_key(|(writer, reader, _)| (*writer, *reader));
        apart
    }

    fn why(&self, reason: Reason) -> String {
        match reason {
            Reason::Space => "they work over different index spaces".into(),
            Reason::Window => "it is read in another order or in part".into(),
            Reason::Reduced => "a reduction's result is complete only after the last element".into(),
            Reason::Reductions => "both reduce".into(),
            Reason::Detour(tensor) => match self.graph.writers().get(tensor.index()).copied().flatten() {
                Some(op) => format!("kernel {} stands between", op.0),
                None => "another kernel stands between".into(),
            },
            Reason::Instructions(n) => format!("together {n} instructions, more than a kernel may have"),
            Reason::Arrays(n) => format!("together {n} arrays, more than a kernel may read and write"),
        }
    }

    fn passes(&self) -> String {
        let Report { captured, dead, common, folded, inlined, fused, on_products, grouped, .. } = *self.report;
        let done = [
            (dead, "not needed"),
            (common, "computed twice"),
            (folded, "constant"),
            (inlined, "done where they are read"),
            (fused, "fused into others"),
            (on_products, "done where a product is computed"),
            (grouped, "run together with others of their kind"),
        ];
        let done: Vec<String> = done.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        let done = if done.is_empty() { String::new() } else { format!(" ({})", done.join(", ")) };
        format!("{captured} kernels were captured, {} run{done}", self.graph.ops.len())
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (times, runs) = self.executable.times();
        let rate = |amount: u64, seconds: f64| match runs {
            0 => "-".to_owned(),
            _ => format!("{:.2}", amount as f64 / seconds.max(1e-9) / 1e9),
        };
        let micros = |seconds: f64| if runs == 0 { "-".to_owned() } else { format!("{:.1}", seconds * 1e6) };
        writeln!(
            f,
            "{:>3} {:>3} {:>8} {:>8} {:>9} {:>8} {:>7}  kernel",
            "#", "of", "flops", "bytes", "us", "GFLOP/s", "GB/s"
        )?;
        let (mut seconds, mut flops, mut bytes) = (0.0, 0, 0);
        for (i, (op, time)) in self.graph.ops.iter().zip(&times).enumerate() {
            let mean = time.time.as_secs_f64() / runs.max(1) as f64;
            writeln!(
                f,
                "{i:>3} {:>3} {:>8} {:>8} {:>9} {:>8} {:>7}  {}",
                self.parts(op),
                short(time.flops as usize),
                short(time.bytes as usize),
                micros(mean),
                rate(time.flops, mean),
                rate(time.bytes, mean),
                self.graph.line(op)
            )?;
            (seconds, flops, bytes) = (seconds + mean, flops + time.flops, bytes + time.bytes);
        }
        writeln!(f, "{}.", self.passes())?;
        let work = format!("{} flops, {} bytes read and written", short(flops as usize), short(bytes as usize));
        match runs {
            0 => writeln!(f, "work: {work}; its time was not measured.")?,
            _ => {
                let rates = (rate(flops, seconds), rate(bytes, seconds));
                writeln!(
                    f,
                    "work: {work} in {} us (mean of {runs} runs): {} GFLOP/s, {} GB/s.",
                    micros(seconds),
                    rates.0,
                    rates.1
                )?;
            }
        }
        let memory = self.executable.memory();
        writeln!(
            f,
            "memory: {} bytes for temporaries ({} live at one time, {} are all of them), {} for results.",
            short(memory.arena),
            short(memory.lower_bound),
            short(memory.temporaries),
            short(memory.results)
        )?;
        let apart = self.apart();
        if !apart.is_empty() {
            writeln!(f, "elementwise neighbours that are two kernels:")?;
        }
        for (writer, reader, apart) in apart {
            writeln!(f, "  {writer} -> {reader} (%{}): {}", apart.tensor.0, self.why(apart.why))?;
        }
        Ok(())
    }
}

/// A number in four places: `812`, `12.3k`, `4.56M`.
pub fn short(n: usize) -> String {
    let (mut value, mut unit) = (n as f64, 0);
    while value >= 999.5 && unit < 5 {
        value /= 1000.0;
        unit += 1;
    }
    let places = if unit == 0 || value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.places$}{}", ["", "k", "M", "G", "T", "P"][unit])
}
