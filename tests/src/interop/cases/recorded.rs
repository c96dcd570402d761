//! Vectors that were recorded are what the peers answer today.

use anyhow::{Result, bail};

use crate::interop::recorded::{record_jaeger, record_zipkin};
use crate::interop::stage::Stage;
use crate::interop::world::World;

pub(super) fn jaeger(stage: &mut Stage<'_>) -> Result<()> {
    // Meanwhile, since whoever asks for Zipkin asks for Jaeger first.
    let _ = stage.start_zipkin();
    for world in World::all("jaeger")? {
        compare(&world, record_jaeger(&world)?)?;
    }
    Ok(())
}

pub(super) fn zipkin(stage: &mut Stage<'_>) -> Result<()> {
    let zipkin = stage.zipkin()?;
    for world in World::all("zipkin")? {
        compare(&world, record_zipkin(&world, zipkin)?)?;
    }
    Ok(())
}

/// Names the first question that has another answer.
fn compare(written: &World, anew: World) -> Result<()> {
    let name = written.name();
    for (then, now) in written.answers().iter().zip(anew.answers()) {
        if then != now {
            bail!("{name}: {}\nit answered {then}\nand now     {now}", then["ask"]);
        }
    }
    if written.text() != anew.text() {
        bail!("{name}: what was sent is not what the file says; `cargo xtask interop --bless`");
    }
    Ok(())
}
