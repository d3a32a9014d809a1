mod chance;
mod coverage;
mod golden;
mod kept;
