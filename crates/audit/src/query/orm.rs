//! Mappers: Drizzle, Prisma, Mongoose and Sequelize models, the MongoDB driver.

use super::row::{Found, links, member_name};
use super::{Kind, Query, Reader, Target, table};
use crate::trace::{Api, Handle, Part, Place, Value};
use syntax::Node;
use syntax::view;

const MODEL: &[&str] = &[
    "find",
    "findOne",
    "findById",
    "findByIdAndUpdate",
    "findByIdAndDelete",
    "findByIdAndRemove",
    "findOneAndUpdate",
    "findOneAndDelete",
    "findOneAndReplace",
    "findOneAndRemove",
    "create",
    "insertMany",
    "insertOne",
    "updateOne",
    "updateMany",
    "replaceOne",
    "deleteOne",
    "deleteMany",
    "remove",
    "count",
    "countDocuments",
    "estimatedDocumentCount",
    "distinct",
    "aggregate",
    "exists",
    "bulkWrite",
    "bulkSave",
    "findAll",
    "findByPk",
    "findOrCreate",
    "findAndCountAll",
    "bulkCreate",
    "update",
    "destroy",
    "upsert",
    "increment",
    "decrement",
    "sum",
    "max",
    "min",
    "truncate",
    "sync",
    "watch",
    "paginate",
    "save",
];

const PRISMA: &[&str] = &[
    "findUnique",
    "findUniqueOrThrow",
    "findFirst",
    "findFirstOrThrow",
    "findMany",
    "create",
    "createMany",
    "createManyAndReturn",
    "update",
    "updateMany",
    "updateManyAndReturn",
    "upsert",
    "delete",
    "deleteMany",
    "count",
    "aggregate",
    "groupBy",
];

/// The query that this call is, if it is one.
pub(super) fn read<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> Option<Query> {
    let function = view::unwrapped(call.child_by_field_name("function")?);
    let object = function.child_by_field_name("object")?;
    let name = member_name(reader, function)?;
    match name.as_str() {
        "select" | "selectDistinct" | "selectDistinctOn" | "insert" | "update" | "delete" | "execute"
        | "run" | "all" | "get" | "$count" => {
            if let Some(query) = drizzle(reader, call, object, &name) {
                return Some(query);
            }
        }
        "findMany" | "findFirst" => {
            if let Some(query) = drizzle_relation(reader, call, object, &name) {
                return Some(query);
            }
        }
        "$queryRaw" | "$executeRaw" | "$queryRawUnsafe" | "$executeRawUnsafe" | "$runCommandRaw" => {
            return prisma_raw(reader, call, object, &name);
        }
        _ => {}
    }
    if PRISMA.contains(&name.as_str())
        && let Some(query) = prisma(reader, call, object, &name)
    {
        return Some(query);
    }
    if MODEL.contains(&name.as_str()) { model(reader, call, object, &name) } else { None }
}

fn client<'p>(reader: &Reader<'_, 'p>, node: Node<'p>, api: Api) -> Option<Handle> {
    match reader.tracer.value(reader.at(node)) {
        Value::Client(handle) if handle.api == api => Some(handle),
        _ => None,
    }
}

/// What is told of a chain that a mapper sends.
struct Sent<'p> {
    handle: Handle,
    kind: Kind,
    call: Node<'p>,
    root: Node<'p>,
    table: Target,
    operation: String,
    lazy: bool,
}

impl<'p> Sent<'p> {
    fn row(self, reader: &Reader<'_, 'p>) -> Query {
        let (end, links, then) = links(reader, self.call);
        let calls: Vec<Node<'p>> =
            std::iter::once(self.call).chain(links.iter().map(|link| link.1)).collect();
        let tagged =
            self.call.child_by_field_name("arguments").filter(|inner| inner.kind() == "template_string");
        let mut arguments: Vec<Node<'p>> = tagged.into_iter().collect();
        arguments.extend(calls.iter().flat_map(|call| view::arguments(*call)));
        let found = Found {
            handle: self.handle,
            kind: self.kind,
            end,
            root: self.root,
            table: self.table,
            operation: self.operation,
            calls,
            arguments,
            then,
            lazy: self.lazy,
            schema: None,
            built_filters: Vec::new(),
        };
        found.row(reader)
    }
}

/// `db.select().from(boats)`, `db.insert(boats).values(...)`, `db.execute(sql`...`)`
fn drizzle<'p>(reader: &Reader<'_, 'p>, call: Node<'p>, object: Node<'p>, name: &str) -> Option<Query> {
    let handle = client(reader, object, Api::Drizzle)?;
    let first = view::arguments(call).first().copied();
    let (table, operation) = match name {
        "select" | "selectDistinct" | "selectDistinctOn" => {
            let from = links(reader, call).1.into_iter().find(|link| link.0 == "from");
            let table = from.and_then(|link| view::arguments(link.1).first().copied());
            (schema_table(reader, table), "select".to_owned())
        }
        "execute" | "run" | "all" | "get" => {
            let text = first.map(view::unwrapped).and_then(|first| match first.kind() {
                "call_expression" => first.child_by_field_name("arguments"),
                _ => Some(first),
            });
            let text = text.map_or("", |text| reader.tree.text(text)).trim_matches(['`', '"', '\'']);
            let (operation, table) = super::sql::parsed(text);
            (table, operation.unwrap_or_else(|| name.to_owned()))
        }
        "$count" => (schema_table(reader, first), "select".to_owned()),
        _ => (schema_table(reader, first), name.to_owned()),
    };
    let kind = if matches!(name, "execute" | "run" | "all" | "get") { Kind::Sql } else { Kind::Table };
    Some(Sent { handle, kind, call, root: object, table, operation, lazy: true }.row(reader))
}

/// `db.query.boats.findMany()`
fn drizzle_relation<'p>(
    reader: &Reader<'_, 'p>,
    call: Node<'p>,
    object: Node<'p>,
    name: &str,
) -> Option<Query> {
    let table = view::unwrapped(object);
    let query = view::unwrapped(table.child_by_field_name("object")?);
    let db = query.child_by_field_name("object")?;
    if member_name(reader, query)? != "query" {
        return None;
    }
    let handle = client(reader, db, Api::Drizzle)?;
    let table = Target::Named(member_name(reader, table)?);
    Some(
        Sent { handle, kind: Kind::Table, call, root: db, table, operation: name.to_owned(), lazy: true }
            .row(reader),
    )
}

/// The name in `pgTable("boats", ...)`, or the name of the constant if that cannot be followed.
fn schema_table<'p>(reader: &Reader<'_, 'p>, node: Option<Node<'p>>) -> Target {
    let Some(node) = node.map(view::unwrapped) else { return Target::Dynamic };
    if let Some(made) = reader.tracer.initialiser(reader.at(node))
        && made.node.kind() == "call_expression"
        && let Some((tree, _)) = reader.tracer.syntax(made.file)
        && let Some(first) = view::arguments(made.node).first()
        && let Some(name) = view::string_value(tree, *first)
    {
        return Target::Named(name.into_owned());
    }
    match node.kind() {
        "identifier" => Target::Named(reader.tree.text(node).to_owned()),
        "member_expression" => member_name(reader, node).map_or(Target::Dynamic, Target::Named),
        _ => Target::Dynamic,
    }
}

/// `prisma.boat.findMany()`
fn prisma<'p>(reader: &Reader<'_, 'p>, call: Node<'p>, object: Node<'p>, name: &str) -> Option<Query> {
    let member = view::unwrapped(object);
    let root = member.child_by_field_name("object")?;
    let handle = client(reader, root, Api::Prisma)?;
    let table = match member_name(reader, member) {
        Some(model) => Target::Named(model),
        None => Target::Dynamic,
    };
    Some(
        Sent { handle, kind: Kind::Table, call, root, table, operation: name.to_owned(), lazy: true }
            .row(reader),
    )
}

fn prisma_raw<'p>(reader: &Reader<'_, 'p>, call: Node<'p>, object: Node<'p>, name: &str) -> Option<Query> {
    let handle = client(reader, object, Api::Prisma)?;
    let text = call.child_by_field_name("arguments").map_or("", |arguments| reader.tree.text(arguments));
    let (operation, table) =
        super::sql::parsed(text.trim_start_matches('(').trim_matches(['`', '"', '\'', ' ', '\n']));
    let operation = operation.unwrap_or_else(|| name.to_owned());
    Some(Sent { handle, kind: Kind::Sql, call, root: object, table, operation, lazy: true }.row(reader))
}

/// `Boat.find()`, `new Boat(doc).save()`, `db.collection("boats").find()`
fn model<'p>(reader: &Reader<'_, 'p>, call: Node<'p>, object: Node<'p>, name: &str) -> Option<Query> {
    let inner = view::unwrapped(object);
    if inner.kind() == "call_expression"
        && let Some(function) = inner.child_by_field_name("function").map(view::unwrapped)
        && member_name(reader, function).as_deref() == Some("collection")
        && let Some(db) = function.child_by_field_name("object")
        && let Some(handle) = client(reader, db, Api::Mongo)
    {
        let first = view::arguments(inner).first().map(|node| reader.at(*node));
        let table = table::target(reader.tracer, first);
        let sent = Sent {
            handle,
            kind: Kind::Document,
            call,
            root: db,
            table,
            operation: name.to_owned(),
            lazy: false,
        };
        return Some(sent.row(reader));
    }
    let (place, backend) = match reader.tracer.value(reader.at(object)) {
        Value::Model(place, backend) => (place, backend),
        Value::Class(class) => (class, reader.tracer.modelled(class)?),
        // `new Boat(doc)`, `await Boat.findById(id)`: only what is saved counts.
        Value::Record(place, backend)
            if matches!(
                name,
                "save" | "remove" | "deleteOne" | "update" | "updateOne" | "destroy" | "increment"
            ) =>
        {
            (place, backend)
        }
        _ => return None,
    };
    let handle = Handle { made: None, backend, api: Api::Mongo, part: Part::Whole };
    let table = model_name(reader, place);
    let lazy = name != "create" && name != "save";
    let kind = if backend == "mongo" { Kind::Document } else { Kind::Table };
    Some(Sent { handle, kind, call, root: object, table, operation: name.to_owned(), lazy }.row(reader))
}

fn model_name<'p>(reader: &Reader<'_, 'p>, place: Place<'p>) -> Target {
    if place.node.kind() == "call_expression" {
        let first = view::arguments(place.node).first().map(|node| Place { node: *node, ..place });
        return table::target(reader.tracer, first);
    }
    match place.node.child_by_field_name("name") {
        Some(name) => Target::Named(reader.tracer.text(Place { node: name, ..place }).to_owned()),
        None => Target::Dynamic,
    }
}
