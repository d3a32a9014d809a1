//! One-shot commands by duct, and process groups. Effects.
