//! `wardroom hyphen`: what Hyphen does with the catalog, through a connection of the hub.
//!
//! The flags are called as the fields of the actions' inputs are, so that what is said of a field is said of a flag.

use clap::{Args, Subcommand};
use serde_json::{Map, Value as Json, json};

use crate::config::DataArgs;
use crate::connect::{find, links_of, output_of};
use crate::open::store_for_command;
use crate::{Outcome, Told, print};

/// Link Hyphen's teams, members and apps to the catalog, and keep teams in step.
#[derive(Debug, Args)]
pub struct Hyphen {
    #[command(subcommand)]
    command: Command,
    /// The name of the connection: that of `wardroom connect add hyphen --name`
    #[arg(long, global = true, default_value = "hyphen")]
    connection: String,
    /// Print what the hub answers, as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what is known of the organisation
    Show,
    /// Link a team to an entry of the catalog, or to a new one of the same name
    LinkTeam {
        #[command(flatten)]
        entity: Entity,
        /// The ID of the team's entry in the catalog; without it, there will be a new one
        #[arg(long, value_name = "ID")]
        team_entry_id: Option<String>,
    },
    /// Link a member to the user with the same e-mail address
    LinkUser {
        #[command(flatten)]
        entity: Entity,
        /// The e-mail address of the member in Hyphen
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// The e-mail address of the user, where it is another one
        #[arg(long, value_name = "ADDRESS")]
        input_email: Option<String>,
    },
    /// Link an app to a service of the catalog, or to a new one of the same name
    LinkService {
        #[command(flatten)]
        entity: Entity,
        /// The ID of the service's entry in the catalog; without it, there will be a new one
        #[arg(long, value_name = "ID")]
        service_entry_id: Option<String>,
    },
    /// Put a user into a team
    AddMember(Access),
    /// Take a user out of a team, also one who has left the organisation
    RemoveMember(Access),
    /// List what is linked to what
    Links,
    /// Check whether what is known still holds: exit status 1 if something doesn't
    Verify,
}

/// Something of Hyphen's.
#[derive(Debug, Args)]
struct Entity {
    /// Its ID in Hyphen
    #[arg(long, value_name = "ID")]
    entity_id: String,
    /// Its name in Hyphen
    #[arg(long, value_name = "NAME")]
    entity_name: String,
}

/// Who, and in which team.
#[derive(Debug, Args)]
struct Access {
    /// The ID of the team's entry in the catalog
    #[arg(long, value_name = "ID")]
    team_id: String,
    /// The user: their e-mail address, or the ID of their entry in the catalog
    #[arg(long)]
    member: String,
}

impl Hyphen {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let store = store_for_command(&self.data)?;
        let answer = match self.command.action() {
            Some((action, input)) => output_of(&store, &self.connection, action, input)?,
            None if matches!(self.command, Command::Links) => links_of(&store, &self.connection)?.into(),
            None => find(&store, &self.connection)?.shown_config(),
        };
        let text = if self.json { pretty(&answer) } else { self.command.told(&answer) };
        println!("{text}");
        if has_failed_checks(&answer) { Err(Told(1).into()) } else { Ok(()) }
    }
}

impl Command {
    /// The action that it stands for, and its input; `None` where it only looks.
    fn action(&self) -> Option<(&'static str, Json)> {
        Some(match self {
            Self::Show | Self::Links => return None,
            Self::LinkTeam { entity: Entity { entity_id, entity_name }, team_entry_id } => {
                let input = json!({"entity_id": entity_id, "entity_name": entity_name, "team_entry_id": team_entry_id});
                ("permission_group", input)
            }
            Self::LinkUser { entity: Entity { entity_id, entity_name }, email, input_email } => {
                let input = json!({
                    "entity_id": entity_id, "entity_name": entity_name, "email": email, "input_email": input_email,
                });
                ("user", input)
            }
            Self::LinkService { entity: Entity { entity_id, entity_name }, service_entry_id } => {
                let input =
                    json!({"entity_id": entity_id, "entity_name": entity_name, "service_entry_id": service_entry_id});
                ("incident_management", input)
            }
            Self::AddMember(access) => ("add_access", access.input()),
            Self::RemoveMember(access) => ("remove_access", access.input()),
            Self::Verify => ("verify", json!({})),
        })
    }

    /// What the hub answered, for people.
    fn told(&self, answer: &Json) -> String {
        match self {
            Self::Show => pretty(answer),
            Self::LinkTeam { .. } | Self::LinkUser { .. } | Self::LinkService { .. } => link(answer),
            Self::AddMember(access) => access.told(answer, "is in the team now", "was in the team already"),
            Self::RemoveMember(access) => access.told(answer, "is out of the team now", "was not in the team"),
            Self::Links => rows(answer).iter().map(link).collect::<Vec<_>>().join("\n"),
            Self::Verify => checks(answer),
        }
    }
}

impl Access {
    fn input(&self) -> Json {
        json!({"team_id": self.team_id, "member": self.member})
    }

    fn told(&self, answer: &Json, changed: &str, unchanged: &str) -> String {
        let outcome = if answer["changed"] == true { changed } else { unchanged };
        let members: Vec<_> = rows(&answer["members"]).iter().map(|member| text(&member["label"])).collect();
        let members = if members.is_empty() { "nobody".to_owned() } else { members.join(", ") };
        format!("{} {outcome}. Its members: {members}", self.member)
    }
}

/// `team Platform (t1): teamId 01…, teamName Platform`.
fn link(link: &Json) -> String {
    let entity = &link["entity"];
    let fields = link["config"].as_object().into_iter().flat_map(Map::iter);
    let fields: Vec<_> = fields.map(|(name, value)| format!("{name} {}", text(value))).collect();
    format!("{} {} ({}): {}", text(&entity["type"]), text(&entity["name"]), text(&entity["id"]), fields.join(", "))
}

fn checks(answer: &Json) -> String {
    let mut table = print::table(["WHAT IS KNOWN", "HOLDS", "WHY NOT"]);
    for check in rows(&answer["checks"]) {
        let holds = if check["ok"] == true { "yes" } else { "no" };
        table.add_row([text(&check["name"]), holds, text(&check["why"])]);
    }
    table.to_string()
}

fn has_failed_checks(answer: &Json) -> bool {
    rows(&answer["checks"]).iter().any(|check| check["ok"] != true)
}

fn rows(list: &Json) -> &[Json] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

fn pretty(value: &Json) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        hyphen: Hyphen,
    }

    fn command(line: &str) -> Command {
        Line::try_parse_from(format!("hyphen {line}").split(' ')).unwrap().hyphen.command
    }

    #[test]
    fn each_flag_is_a_field_of_the_action() {
        let line = |rest: &str| rest.replace("ENTITY", "--entity-id t1 --entity-name Platform");
        let input = |field: &str, given: Json| json!({"entity_id": "t1", "entity_name": "Platform", field: given});
        let mut member = input("email", json!("a@b"));
        member["input_email"] = json!("c@d");
        for (words, action, input) in [
            ("link-team ENTITY", "permission_group", input("team_entry_id", Json::Null)),
            ("link-team ENTITY --team-entry-id 01T", "permission_group", input("team_entry_id", json!("01T"))),
            ("link-user ENTITY --email a@b --input-email c@d", "user", member),
            (
                "link-service ENTITY --service-entry-id 01S",
                "incident_management",
                input("service_entry_id", json!("01S")),
            ),
        ] {
            assert_eq!(command(&line(words)).action(), Some((action, input)), "{words}");
        }
        let access = json!({"team_id": "01T", "member": "a@b"});
        for (line, action) in [("add-member", "add_access"), ("remove-member", "remove_access")] {
            let line = format!("{line} --team-id 01T --member a@b");
            assert_eq!(command(&line).action(), Some((action, access.clone())));
        }
    }

    #[test]
    fn what_was_done_is_told_in_a_sentence() {
        let add = command("add-member --team-id 01T --member a@b");
        let members = json!([{"literal": "01A", "label": "Ada"}, {"literal": "01B", "label": "Ben"}]);
        let told = add.told(&json!({"changed": true, "members": members}));
        assert_eq!(told, "a@b is in the team now. Its members: Ada, Ben");
        let remove = command("remove-member --team-id 01T --member a@b");
        let told = remove.told(&json!({"changed": false, "members": []}));
        assert_eq!(told, "a@b was not in the team. Its members: nobody");
        let linked = json!({
            "entity": {"id": "t1", "type": "team", "name": "Platform"},
            "config": {"teamId": "01T", "teamName": "Infra"},
        });
        assert_eq!(command("links").told(&json!([linked])), "team Platform (t1): teamId 01T, teamName Infra");
    }

    #[test]
    fn a_check_that_fails_is_told_with_its_reason_and_by_the_exit_status() {
        let good = json!({"checks": [{"name": "dashboardUrl", "ok": true, "why": null}]});
        let bad = json!({"checks": [{"name": "catalogUserTypeId", "ok": false, "why": "it is gone"}]});
        assert!(!has_failed_checks(&good) && has_failed_checks(&bad));
        let told = command("verify").told(&bad);
        assert!(told.contains("catalogUserTypeId") && told.contains("no") && told.contains("it is gone"), "{told}");
    }
}
