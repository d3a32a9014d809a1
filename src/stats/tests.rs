mod chance;
mod golden;
