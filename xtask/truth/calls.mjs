// Database and auth calls, by the types of their receivers.
export function callsOf(ts, checker, file) {
  const found = [];
  const sure = (node, kind, what, hand = false) => found.push({ node, kind, what, hand });

  const unwrapped = (node) => {
    while (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node) || ts.isSatisfiesExpression?.(node) || ts.isTypeAssertionExpression(node)) node = node.expression;
    return node;
  };
  // The name of the stub class that an expression is an instance of, casts to `any` looked through.
  const brand = (node, depth = 0) => {
    node = unwrapped(node);
    if (ts.isAwaitExpression(node)) return brand(node.expression, depth);
    const type = checker.getNonNullableType(checker.getTypeAtLocation(node));
    for (const part of type.isUnion() ? type.types : [type]) {
      const awaited = checker.getAwaitedType?.(part) ?? part;
      const symbol = awaited.getSymbol() ?? awaited.aliasSymbol;
      const declared = symbol?.declarations?.[0]?.getSourceFile().fileName ?? "";
      if (declared.startsWith("/__stubs__")) return symbol.name;
    }
    if (depth < 6 && ts.isIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      const declaration = (symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)?.declarations?.[0];
      if (declaration && ts.isVariableDeclaration(declaration) && declaration.initializer && ts.isIdentifier(declaration.name)) return brand(declaration.initializer, depth + 1);
    }
    if (depth < 6 && ts.isPropertyAccessExpression(node)) {
      const inner = brand(node.expression, depth + 1);
      const parts = { SupabaseClient: { auth: "TruthAuth", storage: "TruthStorage", functions: "TruthFunctions" } };
      return parts[inner]?.[node.name.text];
    }
    if (depth < 6 && ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "schema") return brand(node.expression.expression, depth + 1);
  };
  const importOf = (identifier) => {
    const symbol = checker.getSymbolAtLocation(identifier);
    const declaration = symbol?.declarations?.find((one) => ts.isImportSpecifier(one) || ts.isNamespaceImport(one) || ts.isImportClause(one));
    if (!declaration) return;
    let statement = declaration;
    while (!ts.isImportDeclaration(statement)) statement = statement.parent;
    const name = ts.isImportSpecifier(declaration) ? (declaration.propertyName ?? declaration.name).text : ts.isNamespaceImport(declaration) ? "*" : "default";
    return [statement.moduleSpecifier.text, name];
  };
  const FIRESTORE = /^(getDocs?|getDocs?From(Server|Cache)|getCountFromServer|setDoc|addDoc|updateDoc|deleteDoc|onSnapshot|runTransaction|writeBatch)$/;
  const FIRESTORAGE = /^(uploadBytes|uploadBytesResumable|uploadString|getDownloadURL|deleteObject|listAll)$/;
  const FIREAUTH = /^(signIn\w+|signOut|createUserWithEmailAndPassword|onAuthStateChanged|onIdTokenChanged|updateProfile|updateEmail|updatePassword|sendPasswordResetEmail|sendEmailVerification|linkWith\w+|reauthenticate\w+|deleteUser)$/;
  const VERBS = /^(select|insert|update|upsert|delete)$/;
  const STATEMENT = /^\s*(with|select|insert|update|delete|create|alter|drop|truncate|begin|commit|rollback|set|call|do)\b/i;
  const nextName = (node) => {
    let outer = node;
    while (outer.parent && (ts.isParenthesizedExpression(outer.parent) || ts.isAsExpression(outer.parent) || ts.isNonNullExpression(outer.parent))) outer = outer.parent;
    return outer.parent && ts.isPropertyAccessExpression(outer.parent) && outer.parent.expression === outer ? outer.parent.name.text : undefined;
  };
  const textOf = (node, depth = 0) => {
    if (!node || depth > 6) return "";
    node = unwrapped(node);
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node)) return node.head.text + node.templateSpans.map((span) => (textOf(span.expression, depth + 1) || "?") + span.literal.text).join("");
    if (ts.isBinaryExpression(node)) return textOf(node.left, depth + 1) + textOf(node.right, depth + 1);
    if (ts.isIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      const declaration = (symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)?.declarations?.[0];
      if (declaration && ts.isVariableDeclaration(declaration)) return textOf(declaration.initializer, depth + 1);
    }
    return "";
  };
  const named = (node) => /(supabase|admin|client|\bdb|\bsb)\w*$/i.test(unwrapped(node).getText(file).replace(/\(\)$/, ""));

  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const callee = unwrapped(node.expression);
      const element = ts.isElementAccessExpression(callee) && ts.isStringLiteralLike(callee.argumentExpression);
      if (ts.isPropertyAccessExpression(callee) || element) {
        const name = element ? callee.argumentExpression.text : callee.name.text;
        const on = brand(callee.expression);
        const receiver = unwrapped(callee.expression);
        if (on === "SupabaseClient" && ["from", "rpc", "channel"].includes(name)) sure(node, name === "from" ? "table" : name, textOf(node.arguments[0]));
        else if (on === "TruthStorage") sure(node, "storage", textOf(node.arguments[0]));
        else if (on === "TruthFunctions" && name === "invoke") sure(node, "invoke", textOf(node.arguments[0]));
        else if (on === "TruthAuth") sure(node, "auth", name);
        else if (ts.isPropertyAccessExpression(receiver) && ["admin", "mfa"].includes(receiver.name.text) && brand(receiver.expression) === "TruthAuth") sure(node, "auth", `${receiver.name.text}.${name}`);
        else if (/^(Pool|Client|TruthSql)$/.test(on ?? "") && /^(query|unsafe|execute)$/.test(name)) sure(node, "sql", textOf(node.arguments[0]).trim().split(/\s/)[0]);
        else if (on === "TruthModel" && /^(find|create|insert|update|delete|replace|remove|count|distinct|aggregate|exists|bulk|estimated)/.test(name)) sure(node, "document", name);
        else if (on === "TruthRecord" && name === "save") sure(node, "document", name);
        else if (on === "TruthDrizzle" && /^(select|selectDistinct|insert|update|delete|execute)$/.test(name)) sure(node, "drizzle", name);
        else if (on === "PrismaClient" && /^\$(query|execute)Raw/.test(name)) sure(node, "prisma", name);
        else if (ts.isPropertyAccessExpression(receiver) && brand(receiver.expression) === "PrismaClient") sure(node, "prisma", name);
        else if (ts.isPropertyAccessExpression(receiver) && receiver.name.text === "query" === false && ts.isPropertyAccessExpression(unwrapped(receiver.expression)) && unwrapped(receiver.expression).name.text === "query" && brand(unwrapped(receiver.expression).expression) === "TruthDrizzle") sure(node, "drizzle", name);
        else if (/^(Redis|TruthKv)$/.test(on ?? "") && !/^(multi|pipeline|on)$/.test(name)) sure(node, "kv", name);
        // The checker knows nothing of the receiver: by words alone.
        else if (!on && name === "from" && VERBS.test(nextName(node) ?? "") && named(callee.expression)) sure(node, "table", textOf(node.arguments[0]), true);
        else if (!on && name === "from" && /\.storage$/.test(receiver.getText(file))) sure(node, "storage", textOf(node.arguments[0]), true);
        else if (!on && name === "invoke" && /\.functions$/.test(receiver.getText(file))) sure(node, "invoke", textOf(node.arguments[0]), true);
        else if (!on && ["rpc", "channel"].includes(name) && named(callee.expression)) sure(node, name, textOf(node.arguments[0]), true);
        else if (!on && ts.isPropertyAccessExpression(receiver) && receiver.name.text === "auth" && named(receiver.expression)) sure(node, "auth", name, true);
        else if (ts.isIdentifier(receiver) && importOf(receiver)?.[0]?.startsWith("firebase/firestore") && FIRESTORE.test(name)) sure(node, "firestore", name);
      } else if (ts.isIdentifier(callee)) {
        const [module, name] = importOf(callee) ?? [];
        if (/^firebase\/(firestore|storage)/.test(module ?? "") && (FIRESTORE.test(name) || FIRESTORAGE.test(name))) sure(node, "firestore", name);
        else if (module === "firebase/auth" && FIREAUTH.test(name)) sure(node, "auth", name);
        else if (brand(callee) === "TruthSql") sure(node, "sql", textOf(node.arguments[0]).trim().split(/\s/)[0]);
      }
      const calleeText = callee.getText(file);
      if (/(^|\.)(fetch|axios|get|post|put|patch|delete)$|fetch/i.test(calleeText)) {
        const address = textOf(node.arguments[0]);
        const mark = /\/(rest|functions|storage)\/v1/.exec(address);
        if (mark) sure(node, "rest", address.slice(mark.index));
      }
    }
    if (ts.isTaggedTemplateExpression(node) && brand(node.tag) === "TruthSql") {
      const text = ts.isNoSubstitutionTemplateLiteral(node.template) ? node.template.text : node.template.head.text;
      if (STATEMENT.test(text)) sure(node, "sql", text.trim().split(/\s/)[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
