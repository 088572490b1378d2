//! The schema as it introspects itself, and good values for every argument in it: a new argument
//! that nobody gave a value fails the tests that walk the schema.

use serde_json::{Value, json};

use crate::world::{GIB, World};

/// The introspected schema.
pub struct Schema(Value);

/// A field or an argument.
pub struct Slot {
    pub name: String,
    /// Name of its type without list and non-null.
    pub ty: String,
    pub list: bool,
    pub required: bool,
}

impl Schema {
    pub async fn read(world: &World) -> Self {
        let kind = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
        let query = format!(
            "{{ __schema {{ types {{ name kind possibleTypes {{ name }}
                fields {{ name args {{ name defaultValue type {{ {kind} }} }} type {{ {kind} }} }}
                inputFields {{ name defaultValue type {{ {kind} }} }} }} }} }}"
        );
        let mut data = world.api.data(&world.platform, &query, json!({})).await;
        Self(data["__schema"]["types"].take())
    }

    pub fn types(&self) -> &[Value] {
        self.0.as_array().unwrap()
    }

    fn get(&self, name: &str) -> &Value {
        self.types()
            .iter()
            .find(|ty| ty["name"] == name)
            .unwrap_or_else(|| panic!("no type {name}"))
    }

    /// The fields of an object type.
    pub fn fields(&self, ty: &str) -> &[Value] {
        self.get(ty)["fields"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The fields of an input type.
    pub fn inputs(&self, ty: &str) -> Vec<Slot> {
        let fields = self.get(ty)["inputFields"].as_array();
        fields
            .map(|fields| fields.iter().map(slot).collect())
            .unwrap_or_default()
    }

    /// What to select of a type, so that an answer tells whether something was found.
    pub fn selection(&self, ty: &str) -> String {
        let known = self.get(ty);
        match known["kind"].as_str().unwrap() {
            "SCALAR" | "ENUM" => String::new(),
            _ if ty.ends_with("Connection") => "{ edges { cursor } }".to_owned(),
            "UNION" => "{ __typename }".to_owned(),
            _ => "{ __typename ".to_owned() + if self.has_id(ty) { "id }" } else { "}" },
        }
    }

    /// Whether a type is an interface or a union.
    pub fn is_abstract(&self, ty: &str) -> bool {
        matches!(self.get(ty)["kind"].as_str(), Some("INTERFACE" | "UNION"))
    }

    /// The names of the objects that an interface or a union stands for; of an object none.
    pub fn possible(&self, ty: &str) -> Vec<&str> {
        let possible = self.get(ty)["possibleTypes"].as_array();
        let names = possible.into_iter().flatten();
        names.map(|ty| ty["name"].as_str().unwrap()).collect()
    }

    /// Every field of a type that needs no argument, one level deep.
    pub fn everything(&self, ty: &str) -> String {
        let fields = self.fields(ty).iter();
        let free = fields.filter(|field| !arguments(field).iter().any(|slot| slot.required));
        let selected = free.map(|field| {
            let name = field["name"].as_str().unwrap();
            match self.get(&type_of(field))["kind"].as_str() {
                Some("SCALAR" | "ENUM") => format!("{name} "),
                _ => format!("{name} {{ __typename }} "),
            }
        });
        selected.collect()
    }

    fn has_id(&self, ty: &str) -> bool {
        self.fields(ty).iter().any(|field| field["name"] == "id")
    }

    /// A good input of a mutation: every field of it that has a value in [`value`].
    pub fn input(&self, world: &World, mutation: &str, unique: &str) -> Value {
        let ty = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let mut input = json!({});
        for slot in self.inputs(&ty) {
            // What some callers may not give would tell nothing of the rest: tests of it do.
            let for_some = mutation.starts_with("storefront")
                && matches!(slot.name.as_str(), "host" | "senderEmail" | "resellerId");
            if !for_some {
                input[&slot.name] = value(world, mutation, &slot, unique);
            }
        }
        input
    }
}

/// The arguments of a field.
pub fn arguments(field: &Value) -> Vec<Slot> {
    field["args"].as_array().unwrap().iter().map(slot).collect()
}

/// The name of a field's type without list and non-null.
pub fn type_of(field: &Value) -> String {
    slot(field).ty
}

fn slot(field: &Value) -> Slot {
    let mut ty = &field["type"];
    let required = ty["kind"] == "NON_NULL" && field["defaultValue"].is_null();
    let mut list = false;
    while !ty["ofType"].is_null() {
        list |= ty["kind"] == "LIST";
        ty = &ty["ofType"];
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Slot {
        name: text(&field["name"]),
        ty: text(&ty["name"]),
        list,
        required,
    }
}

/// A good value of an argument, for tenant B where it is about a tenant.
fn value(world: &World, mutation: &str, slot: &Slot, unique: &str) -> Value {
    let id = |noun: &str| json!(world.mine.get(noun).unwrap_or_else(|| &world.ids[noun]));
    match slot.name.as_str() {
        "idempotencyKey" => json!(unique),
        "name" if mutation == "networkCreate" => json!("guests2"),
        "name" if mutation == "machineEnroll" => json!(unique),
        "name" | "ownerName" | "summary" | "version" => json!(format!("N{unique}")),
        "externalId" => json!(format!("x{unique}")),
        "ownerEmail" | "email" | "administratorEmail" | "supportEmail" => {
            json!("berta@example.org")
        }
        "administratorUsername" => json!("berta"),
        "domainName" => json!(format!("{unique}.example")),
        "slug" => json!(format!("s-{unique}")),
        "sha256" => json!("08".repeat(32)),
        "sizeBytes" | "virtualBytes" | "memoryBytes" | "dataBytes" | "memoryReserveBytes" => {
            json!(GIB)
        }
        "vcpus" => json!(1),
        "httpPort" => json!(80),
        "shareable" => json!(true),
        "vcpuOvercommitPercent" => json!(100),
        "retentionDays" => json!(30),
        "hosting" => json!("OWN"),
        "role" => json!("VIEWER"),
        "guestType" => json!("QEMU"),
        "state" => json!("MAINTENANCE"),
        "uri" => json!(format!("sim:{unique}")),
        "storagePool" => json!("berth"),
        "options" | "translations" => json!([]),
        "price" => json!({ "minor": 1, "currency": "EUR" }),
        "probe" => json!({ "path": "/", "deadlineSeconds": 60 }),
        "ipv4" => {
            json!({ "cidr": "198.51.100.0/24", "first": "198.51.100.9", "last": "198.51.100.9" })
        }
        "ipv6" => json!({ "cidr": "2001:db8::/64", "first": "2001:db8::9", "last": "2001:db8::9" }),
        "accentColor" | "backgroundColor" => json!("#1a4b8c"),
        "logoUrl" | "supportUrl" | "termsUrl" | "privacyUrl" | "imprintUrl" => {
            json!("https://shop.example.org/page")
        }
        "termsVersion" => json!("2026-01"),
        "locale" => json!("DE"),
        "corsOrigins" => json!(["https://shop.example.org"]),
        "plans" => {
            json!([{ "planId": id("Plan"), "price": { "minor": 700, "currency": "EUR" } }])
        }
        "applicationIds" => json!([id("Application")]),
        "url" => json!("https://shop.example.org/berth"),
        "issuer" => json!(format!("https://{unique}.example")),
        "clientId" | "clientSecret" if slot.ty == "String" => json!("berth"),
        "patterns" => json!(["*"]),
        "description" => json!("Orders"),
        "enabled" => json!(true),
        "networkIds" => json!([id("Network")]),
        "actsFor" => json!({ "tenant": { "tenantId": id("Tenant"), "role": "VIEWER" } }),
        "scopes" => json!(["TENANT_READ"]),
        "redirectUris" => json!([]),
        "isPublic" => json!(false),
        "keepSeconds" => json!(0),
        "reason" => json!("Ticket 7"),
        "minutes" => json!(30),
        "waves" => moves(world, &json!(world.ids["VirtualMachine"])),
        "survive" => json!("MACHINE"),
        "failures" => json!(1),
        "tenantCap" => json!(100),
        "isSpread" => json!(false),
        _ if slot.ty == "ID" => id(noun(&slot.name)),
        other => panic!("{mutation} has a new argument {other}: give it a good value here"),
    }
}

/// A wave with one move of this virtual machine to the other machine.
pub fn moves(world: &World, vm: &Value) -> Value {
    let second = world.second_machine.as_ref();
    json!([{ "moves": [{
        "virtualMachineId": vm,
        "fromMachineId": world.ids["Machine"],
        "toMachineId": second.unwrap_or(&world.ids["Machine"]),
    }] }])
}

/// The arguments that a question must be given, as written in it; none if there is one that has no
/// good value here, or that is the id of any noun.
pub fn given(world: &World, field: &Value) -> Option<String> {
    let literal = |slot: &Slot| match slot.ty.as_str() {
        "ID" if slot.name.ends_with("Id") => Some(format!("{:?}", world.ids[noun(&slot.name)])),
        "FailureDomain" => Some("MACHINE".to_owned()),
        _ => None,
    };
    let slots = arguments(field).into_iter().filter(|slot| slot.required);
    let each = slots.map(|slot| literal(&slot).map(|value| format!("{}: {value}", slot.name)));
    let each: Vec<String> = each.collect::<Option<_>>()?;
    Some(match each.is_empty() {
        true => String::new(),
        false => format!("({})", each.join(", ")),
    })
}

/// The noun of an argument such as `tenantId`.
pub fn noun(argument: &str) -> &'static str {
    let name = match argument.trim_end_matches('s').trim_end_matches("Id") {
        "reseller" => "tenant",
        name => name,
    };
    let known = berth_model::ID_KINDS.iter().map(|(_, noun)| *noun);
    let mut found = known.filter(|noun| noun[..1].to_lowercase() + &noun[1..] == name);
    found
        .next()
        .unwrap_or_else(|| panic!("{argument} is of no noun"))
}

/// An id of a noun that nobody has.
pub fn unknown(noun: &str) -> String {
    let (prefix, _) = berth_model::ID_KINDS
        .iter()
        .find(|(_, known)| *known == noun)
        .unwrap();
    format!(
        "{prefix}_{:032x}",
        0x0123_4567_89ab_7def_8123_4567_89ab_cdef_u128
    )
}
