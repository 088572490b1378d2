//! Images, applications and plans.

use berth_model::Sha256;
use serde_json::{Value, json};

use super::{Catalogue, Provider, node_where};
use crate::{client::text_at, failure::Failure, image::Imported};

const IMAGES: &str = "{ images(last: 100) { nodes { id name sha256 } } }";
const PLANS: &str = "{ plans(first: 100) { nodes { slug } } }";
const APPLICATIONS: &str = "{ applications(first: 50) { nodes {
  slug versions(last: 20) { nodes { version image { sha256 } } }
} } }";

const IMAGE_CREATE: &str = "mutation($input: ImageCreateInput!) {
  imageCreate(input: $input) { image { id } userErrors { code message field } }
}";
const PLAN_CREATE: &str = "mutation($input: PlanCreateInput!) {
  planCreate(input: $input) { plan { id } userErrors { code message field } }
}";
const APPLICATION_PUBLISH: &str = "mutation($input: ApplicationPublishInput!) {
  applicationPublish(input: $input) { applicationVersion { id } userErrors { code message field } }
}";

/// An image that is in the image store.
#[derive(Clone, Debug)]
pub(crate) struct ImageFile {
    /// As the catalogue names it.
    pub(crate) name: String,
    /// Its hash and sizes.
    pub(crate) imported: Imported,
}

impl Provider {
    pub(super) async fn goods(
        &self,
        catalogue: &Catalogue,
        images: &[ImageFile],
        say: &mut impl FnMut(String),
    ) -> Result<(), Failure> {
        let known = self.ask(PLANS).await?;
        for plan in &catalogue.plans {
            if node_where(&known, "/plans", "slug", &plan.slug).is_none() {
                self.make("planCreate", PLAN_CREATE, plan.create_input())
                    .await?;
                say(format!("plan {}", plan.slug));
            }
        }
        let applications = self.ask(APPLICATIONS).await?;
        for entry in &catalogue.applications {
            let slug = &entry.application.slug;
            let image = images
                .iter()
                .find(|image| image.name == entry.application.image)
                .ok_or_else(|| format!("{slug}: there is no image {}", entry.application.image))?;
            let versions = node_where(&applications, "/applications", "slug", slug);
            let versions = versions.map_or(Value::Null, |node| node["versions"].clone());
            if has_image(&versions, image.imported.sha256) {
                continue;
            }
            let version = free_version(&versions, &entry.version.version, image.imported.sha256);
            let image_id = self.image(image, say).await?;
            let input = entry.publish_input(&version, &image_id);
            self.make("applicationPublish", APPLICATION_PUBLISH, input)
                .await?;
            say(format!("application {slug} {version}"));
        }
        Ok(())
    }

    async fn image(
        &self,
        image: &ImageFile,
        say: &mut impl FnMut(String),
    ) -> Result<String, Failure> {
        let sha256 = image.imported.sha256.to_string();
        let known = self.ask(IMAGES).await?;
        if let Some(node) = node_where(&known, "/images", "sha256", &sha256) {
            return text_at(node, "/id");
        }
        // An image that was built again is another one: its name says which.
        let name = format!("{}-{}", image.name, &sha256[..12]);
        let input = json!({
            "name": name, "sha256": sha256, "sizeBytes": image.imported.size_bytes,
            "virtualBytes": image.imported.virtual_bytes,
        });
        let made = self.make("imageCreate", IMAGE_CREATE, input).await?;
        say(format!("image {name}"));
        text_at(&made, "/image/id")
    }
}

fn has_image(versions: &Value, sha256: Sha256) -> bool {
    let nodes = versions["nodes"].as_array();
    let sha256 = sha256.to_string();
    nodes
        .into_iter()
        .flatten()
        .any(|node| node["image"]["sha256"] == sha256.as_str())
}

/// The version's name, with the image's hash behind it when that release was published with another
/// image: a published version never changes.
fn free_version(versions: &Value, version: &str, sha256: Sha256) -> String {
    let nodes = versions["nodes"].as_array();
    let taken = nodes
        .into_iter()
        .flatten()
        .any(|node| node["version"] == version);
    if taken {
        format!("{version}+{}", &sha256.to_string()[..8])
    } else {
        version.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuilt_image_gets_a_version_of_its_own() {
        let (old, new) = (Sha256([1; 32]), Sha256([2; 32]));
        let versions = json!({"nodes": [{"version": "1", "image": {"sha256": old.to_string()}}]});
        assert!(has_image(&versions, old) && !has_image(&versions, new));
        assert_eq!(free_version(&versions, "1", new), "1+02020202");
        assert_eq!(free_version(&versions, "2", new), "2");
        assert_eq!(free_version(&Value::Null, "1", new), "1");
    }
}
