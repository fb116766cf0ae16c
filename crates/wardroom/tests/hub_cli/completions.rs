//! What makes shells complete commands.

use crate::support::Site;

#[test]
fn shells_learn_of_every_command() {
    let site = Site::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = site.ask(&["completions", shell]);
        for word in ["incident", "oncall", "idempotency-key"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(site.run(&["completions", "cobol"]).status, 2);
}
