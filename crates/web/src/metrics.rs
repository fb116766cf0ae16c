//! What operators watch: `/metrics`, in Prometheus' text form.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Starts counting, once a process.
pub(crate) fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .expect("the buckets are not empty")
            .install_recorder()
            .expect("nobody else records metrics in this process")
    })
}

/// Sorts what was recorded into its buckets, again and again: until then every sample takes memory.
pub(crate) async fn keep_small() {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        recorder().run_upkeep();
    }
}

/// Notes one answered request.
pub(crate) fn answered(operation: &'static str, status: u16, took: Duration) {
    let class = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100).wrapping_sub(1)).unwrap_or(&"other");
    counter!("wardroom_http_requests_total", "operation" => operation, "status" => *class).increment(1);
    histogram!("wardroom_http_request_seconds", "operation" => operation).record(took.as_secs_f64());
}
