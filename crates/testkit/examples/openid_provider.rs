//! An OpenID Connect provider to try signing in with by hand: it lets everybody in who says who they are.
//!
//! `cargo run -p wardroom-testkit --example openid_provider`, and a server with `--private-addresses 127.0.0.0/8`.

use base::World;
use testkit::OpenId;

fn main() {
    let (client, secret) = ("wardroom", "not-a-secret");
    let provider = OpenId::start(World::system(), client, Some(secret));
    println!("Issuer: {}\nClient ID: {client}\nClient secret: {secret}", provider.issuer);
    loop {
        std::thread::park();
    }
}
