//! Keys that are limited to teams: they change what their teams own.

use base::Id;
use people::api_keys::Grant;
use people::teams::Team;
use testkit::{App, Client, json};

use super::{ENTRIES, TYPES, at, attribute, entry, kind_with, request, start, whole};
use crate::support::{assert_lacks, with};

/// A key that sees the whole catalog, and changes what `team` owns.
fn editor(app: &App, team: Id<Team>) -> Client {
    let team_roles = vec!["catalog_editor".into()];
    app.client_with(Grant { roles: vec!["catalog_viewer".into()], team_ids: vec![team], team_roles })
}

#[test]
fn a_team_s_key_changes_what_the_team_owns_and_nothing_else() {
    let app = start();
    let admin = app.admin();
    let (payments, search) = (app.team("Payments"), app.team("Search"));
    let key = editor(&app, payments);
    let attributes = || json!([attribute("tier", "Number")]);
    let theirs = kind_with(&admin, "Theirs", json!({"owning_team_ids": [payments, search]}), attributes());
    let own = kind_with(&key, "Own", json!({"owning_team_ids": [payments]}), attributes());
    for kind in [&theirs, &own] {
        let id = entry(&key, kind, "api", json!({}));
        key.put(&at(&id), request(kind, "api", json!({}))).expect(200);
        let bulk = json!({"catalog_type_id": kind.id, "entries": [{"entry_id": id, "attribute_values": {}}]});
        key.post(&format!("{ENTRIES}/actions/bulk_update"), bulk).expect(204);
        key.delete(&at(&id)).expect(204);
        let change = json!({"name": kind.id, "description": "", "owning_team_ids": [payments]});
        key.put(&format!("{TYPES}/{}", kind.id), change).expect(200);
    }

    let nobodys = kind_with(&admin, "Nobody's", json!({}), attributes());
    let others = kind_with(&admin, "Others'", json!({"owning_team_ids": [search]}), attributes());
    for kind in [&nobodys, &others] {
        let id = entry(&admin, kind, "api", json!({}));
        let before = whole(&key, &id);
        assert_lacks(&key.post(ENTRIES, request(kind, "new", json!({}))), "catalog_entries.create");
        assert_lacks(&key.post(ENTRIES, request(kind, "api", json!({}))), "catalog_entries.create");
        assert_lacks(&key.put(&at(&id), request(kind, "api", json!({}))), "catalog_entries.edit");
        let bulk = json!({"catalog_type_id": kind.id, "entries": [{"entry_id": id, "attribute_values": {}}]});
        assert_lacks(&key.post(&format!("{ENTRIES}/actions/bulk_update"), bulk), "catalog_entries.edit");
        assert_lacks(&key.delete(&at(&id)), "catalog_entries.destroy");
        let path = format!("{TYPES}/{}", kind.id);
        let take = json!({"name": "Mine", "description": "", "owning_team_ids": [payments]});
        assert_lacks(&key.put(&path, take), "catalog_types.edit");
        let shape = json!({"version": 2, "attributes": []});
        assert_lacks(&key.post(&format!("{path}/actions/update_schema"), shape), "catalog_types.edit");
        assert_lacks(&key.delete(&path), "catalog_types.destroy");
        assert_eq!(whole(&key, &id), before);
    }
    let new = |owners| json!({"name": "New", "description": "", "owning_team_ids": owners});
    assert_lacks(&key.post(TYPES, new(json!([search]))), "catalog_types.create");
    assert_lacks(&key.post(TYPES, new(json!([]))), "catalog_types.create");
    assert_lacks(&key.post(TYPES, with(new(json!([])), json!({"owning_team_ids": null}))), "catalog_types.create");
}

#[test]
fn a_team_s_key_makes_nobody_a_member() {
    let app = start();
    let team = app.team("Payments");
    let key = editor(&app, team);
    let change = json!({"name": "Payments", "attribute_values": {}});
    assert_lacks(&key.put(&at(&team.to_string()), change), "catalog_entries.edit");
}
