//! Users: what the API shows of what they may do.

use people::custom_roles::{CustomRole, Draft};
use people::users::{BaseRole, User};
use testkit::{App, json};

#[test]
fn a_user_is_shown_with_base_role_and_custom_roles() {
    let app = App::start(wardroom::features);
    let id = app.user("Ada Okafor");
    let role = app.write(move |cx| {
        let (description, roles) = (Some("Tells customers".into()), vec!["status_page_publisher".into()]);
        let role = CustomRole::add(cx, &Draft { name: "Customer Success".into(), description, roles })?;
        User::change_roles(cx, id, BaseRole::Viewer, vec![role.id])?;
        Ok(role.id)
    });
    let viewer = app.client(&["viewer"]);
    let shown = viewer.get(&format!("/v2/users/{id}")).expect(200)["user"].clone();
    let custom = json!({
        "description": "Tells customers", "id": role.to_string(), "name": "Customer Success", "slug": "customer-success",
    });
    assert_eq!((&shown["custom_roles"], &shown["base_role"]["slug"]), (&json!([custom]), &json!("viewer")));
    assert_eq!(viewer.get("/v2/users").expect(200)["users"][0], shown);
}
