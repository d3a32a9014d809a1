//! From summary and verdicts to text, through templates. Pure.
