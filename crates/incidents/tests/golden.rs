//! What is stored of incidents and what describes them is read for ever.

use incidents::actions::Action;
use incidents::attachments::Attachment;
use incidents::external_issues::ExternalIssue;
use incidents::follow_ups::FollowUp;
use incidents::incident::Incident;
use incidents::memberships::Membership;
use incidents::postmortems::PostmortemDocument;
use incidents::relationships::Relationship;
use incidents::settings::custom_fields::{CustomField, CustomFieldOption};
use incidents::settings::follow_up_choices::FollowUpChoice;
use incidents::settings::roles::Role;
use incidents::settings::severities::Severity;
use incidents::settings::statuses::Status;
use incidents::settings::timestamps::Timestamp;
use incidents::settings::types::IncidentType;
use incidents::updates::IncidentUpdate;
use testkit::Goldens;

#[test]
fn what_is_stored_is_read_for_ever() {
    let mut goldens = Goldens::of(env!("CARGO_MANIFEST_DIR"));
    goldens.check::<Action>();
    goldens.check::<Attachment>();
    goldens.check::<CustomField>();
    goldens.check::<CustomFieldOption>();
    goldens.check::<ExternalIssue>();
    goldens.check::<FollowUp>();
    goldens.check::<FollowUpChoice>();
    goldens.check::<Incident>();
    goldens.check::<IncidentType>();
    goldens.check::<IncidentUpdate>();
    goldens.check::<Membership>();
    goldens.check::<PostmortemDocument>();
    goldens.check::<Relationship>();
    goldens.check::<Role>();
    goldens.check::<Severity>();
    goldens.check::<Status>();
    goldens.check::<Timestamp>();
    goldens.finish();
}
