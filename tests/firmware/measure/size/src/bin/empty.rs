//! What the start-up code, the vectors and the panic handler take.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    measure_size::park()
}
