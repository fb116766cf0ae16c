//! Incidents, and the work that they leave.
