//! Plays cases and says what happened, as events. It never prints.

pub mod event;

pub mod capture;
pub mod check;
pub mod judge;
pub mod play;
pub mod survey;
pub mod twins;
