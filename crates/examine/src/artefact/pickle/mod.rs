//! Pickles, run symbolically: nothing is imported, nothing is called, and every import and call is judged.
//!
//! The machine has the unpickler's stack, marks and memo over symbolic values, for all opcodes of protocols 0 to 5.
//! Broken streams count up to where they break, as the loader has run that far. What follows a pickle in its file is
//! treated as the carrier's loader treats it.

mod calls;
pub mod codes;
mod hooks;
mod input;
mod joblib;
mod judge;
mod machine;
mod nested;
mod recognise;
mod render;
mod stack;
mod storages;
mod value;

use crate::catalogue::finding;
use crate::codes as common;
use crate::report::Report;
use crate::source::{Source, Window, read_up_to};

use machine::{Broken, Loader, Machine, Purpose};
use value::Value;

pub use judge::is_hazardous_name;
pub use recognise::{acts_as_pickle, begins_as_pickle, looks_like_pickle};

/// What recognition calls a file that is a pickle.
pub const KIND: sakimori_model::Kind = sakimori_model::Kind::new("pickle");

/// The version of this examiner's judgement; it rises when the same bytes may be judged otherwise.
pub const VERSION: u32 = 3;

/// Pickles in a PyTorch file before 1.6: magic number, protocol, system, object, keys of the storages.
const TORCH_PICKLES: u32 = 5;
/// Bytes looked at to tell whether another pickle follows.
const NEXT_BYTES: usize = 512;
/// Bytes behind a pickle that are searched for another one.
const BEHIND_BYTES_MAX: usize = 1024 * 1024;
/// Places in them at which one may start and that are looked at.
const BEHIND_TRIED_MAX: usize = 10_000;

/// What the pickle lies in: how the loader goes on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A file of its own, loaded by `pickle.load` or `joblib.load`: one pickle or several, with joblib's arrays between.
    /// A file in PyTorch's format before 1.6 is recognised and treated as [`Carrier::TorchLegacy`].
    Plain,
    /// PyTorch's format before 1.6: five pickles, then the raw storages.
    TorchLegacy,
    /// A part of another format: `data.pkl` in PyTorch's zip, the objects of a numpy array.
    Embedded,
}

/// Runs the pickles at the start of `source` symbolically and reports what a loader would import and call.
pub fn examine(source: &dyn Source, carrier: Carrier, report: &mut Report<'_>) {
    if report.diverts(source) {
        return;
    }
    report.ran("pickle", VERSION);
    let loader = match carrier {
        Carrier::Plain => Loader::Joblib,
        Carrier::TorchLegacy | Carrier::Embedded => Loader::Torch,
    };
    let mut machine = Machine::new(source, loader, Purpose::Examine, report);
    run_all(&mut machine, carrier);
    machine.finish();
}

fn run_all(machine: &mut Machine<'_, '_, '_>, mut carrier: Carrier) {
    let mut pickles = 0;
    loop {
        let made = match machine.run() {
            Ok(made) => made,
            Err(broken) => {
                machine.tell_broken(&broken);
                return;
            }
        };
        pickles += 1;
        if pickles == 1 && made == Value::TorchMagic && carrier == Carrier::Plain {
            carrier = Carrier::TorchLegacy;
            machine.loader = Loader::Torch;
        }
        if machine.input.left() == 0 {
            return;
        }
        let max = machine.report.limits().pickle_streams_max;
        if pickles == max {
            machine.report.over("pickle_streams_max", u64::from(max));
            return;
        }
        if carrier == Carrier::TorchLegacy {
            if pickles == TORCH_PICKLES {
                return behind_storages(machine);
            }
        } else if !another_follows(machine) {
            return;
        }
    }
}

/// What stands behind the storages of PyTorch's format before 1.6 is read by nobody: it is told, and a pickle there is run.
fn behind_storages(machine: &mut Machine<'_, '_, '_>) {
    let Some(bytes) = machine.storages.bytes() else { return };
    let offset = machine.input.position().saturating_add(bytes);
    let source = machine.input.source();
    if offset > source.size() {
        return machine.tell_broken(&Broken::Truncated);
    }
    if is_padding(source, offset) {
        return;
    }
    let told = finding(&codes::TRAILING, machine.report.byte(offset)).with("bytes", source.size() - offset);
    machine.report.add(told);
    if go_to_hidden(machine, offset)
        && let Err(broken) = machine.run()
    {
        machine.tell_broken(&broken);
    }
}

/// Whether another pickle follows. Other data that follows is reported: the loader leaves it alone, and so does the
/// examiner, so that nobody has looked at it.
fn another_follows(machine: &mut Machine<'_, '_, '_>) -> bool {
    let offset = machine.input.position();
    let source = machine.input.source();
    let rest = Window::new(source, offset, source.size());
    if begins_as_pickle(&rest, &read_up_to(source, offset, NEXT_BYTES).unwrap_or_default()) {
        return true;
    }
    if !is_padding(source, offset) {
        let place = machine.report.byte(offset);
        let told = finding(&codes::TRAILING, place).with("bytes", source.size().saturating_sub(offset));
        machine.report.add(told);
        return go_to_hidden(machine, offset);
    }
    false
}

/// Goes to the next pickle somewhere in what follows. Loaders don't get there by themselves, but something put it there.
fn go_to_hidden(machine: &mut Machine<'_, '_, '_>, offset: u64) -> bool {
    let bytes = read_up_to(machine.input.source(), offset, BEHIND_BYTES_MAX).unwrap_or_default();
    let text = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or_default();
    let starts = memchr::memchr_iter(0x80, &bytes).filter(|at| matches!(bytes.get(at + 1), Some(2..=5)));
    let found = std::iter::once(text)
        .chain(starts.take(BEHIND_TRIED_MAX))
        .find(|&at| looks_like_pickle(&bytes[at..bytes.len().min(at + NEXT_BYTES)]));
    if let Some(at) = found {
        let at = offset + at as u64;
        machine.report.add(finding(&codes::HIDDEN, machine.report.byte(at)));
        machine.input.seek(at);
    }
    found.is_some()
}

/// True when only zeros and white space are left.
fn is_padding(source: &dyn Source, mut offset: u64) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match source.read_at(offset, &mut buffer) {
            Ok(0) => return true,
            Ok(count) if buffer[..count].iter().all(|b| *b == 0 || b.is_ascii_whitespace()) => offset += count as u64,
            _ => return false,
        }
    }
}

impl Machine<'_, '_, '_> {
    fn tell_broken(&mut self, broken: &Broken) {
        if matches!(broken, Broken::Limit | Broken::Lost) {
            return;
        }
        let place = self.report.byte(self.offset);
        self.report.add(finding(&common::UNREADABLE, place).with("why", broken));
    }
}
