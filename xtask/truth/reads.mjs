// Environment reads and whatever answers a request, by syntax.
export function readsOf(ts, checker, file) {
  const found = [];
  const isEnv = (node, depth = 0) => {
    while (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node)) node = node.expression;
    const text = node.getText(file).replace(/[\s?]/g, "").replace(/\((import\.meta|globalThis)as\w+\)/, "$1");
    if (/^(globalThis\.|window\.)?process\.env$|^import\.meta\.env$/.test(text)) return true;
    if (depth < 4 && ts.isIdentifier(node)) {
      const declaration = checker.getSymbolAtLocation(node)?.declarations?.[0];
      if (declaration && ts.isVariableDeclaration(declaration) && declaration.initializer && ts.isIdentifier(declaration.name)) return isEnv(declaration.initializer, depth + 1);
    }
    return false;
  };
  const written = (node) => node.parent && ((ts.isBinaryExpression(node.parent) && node.parent.left === node && node.parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) || ts.isDeleteExpression(node.parent));
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node) && isEnv(node.expression) && !written(node)) found.push({ node: node, kind: "env", what: node.name.text });
    if (ts.isElementAccessExpression(node) && isEnv(node.expression) && ts.isStringLiteralLike(node.argumentExpression) && !written(node)) found.push({ node, kind: "env", what: node.argumentExpression.text });
    if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer && isEnv(node.initializer)) {
      for (const element of node.name.elements) found.push({ node: element, kind: "env", what: (element.propertyName ?? element.name).getText(file) });
    }
    if (ts.isCallExpression(node) && /^Deno\.env\.get$/.test(node.expression.getText(file)) && node.arguments[0] && ts.isStringLiteralLike(node.arguments[0])) found.push({ node, kind: "env", what: node.arguments[0].text });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

export function handlersOf(ts, checker, file, path) {
  const found = [];
  const METHODS = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/;
  const exported = (node) => node.modifiers?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword);
  const isRoute = /(^|\/)app\/(.*\/)?route\.(ts|js|tsx|jsx)$/.test(path);
  const isApi = /(^|\/)pages\/api\//.test(path);
  const first = file.statements[0];
  const useServer = first && ts.isExpressionStatement(first) && ts.isStringLiteral(first.expression) && first.expression.text === "use server";
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement) && exported(statement)) {
      const name = statement.name?.text ?? "default";
      if (isRoute && METHODS.test(name)) found.push({ node: statement, kind: "route-handler", what: name });
      if (isApi && statement.modifiers.some((one) => one.kind === ts.SyntaxKind.DefaultKeyword)) found.push({ node: statement, kind: "route-handler", what: "default" });
      if (useServer) found.push({ node: statement, kind: "server-action", what: name });
    }
    if (ts.isVariableStatement(statement) && exported(statement)) for (const declaration of statement.declarationList.declarations) {
      const name = declaration.name.getText(file);
      if (isRoute && METHODS.test(name)) found.push({ node: declaration, kind: "route-handler", what: name });
      if (useServer && declaration.initializer && (ts.isArrowFunction(declaration.initializer) || ts.isFunctionExpression(declaration.initializer))) found.push({ node: declaration, kind: "server-action", what: name });
    }
    if (isRoute && ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const one of statement.exportClause.elements) if (METHODS.test(one.name.text)) found.push({ node: one, kind: "route-handler", what: one.name.text });
    }
  }
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText(file);
      if (/\.handler$/.test(callee) && /createServerFn/.test(callee)) found.push({ node, kind: "server-function", what: "createServerFn" });
      if (/^(Deno\.)?serve$/.test(callee) && /supabase\/functions\//.test(path)) found.push({ node, kind: "edge-function", what: callee });
      const verb = /^(\w+)\.(get|post|put|patch|delete|all)$/.exec(callee);
      if (verb && /^(app|router|server|\w*[rR]outer)$/.test(verb[1]) && node.arguments.length > 1 && ts.isStringLiteralLike(node.arguments[0]) && node.arguments[0].text.startsWith("/")) found.push({ node, kind: "express", what: `${verb[2]} ${node.arguments[0].text}` });
    }
    if (!useServer && (ts.isFunctionDeclaration(node) || ts.isArrowFunction(node) || ts.isFunctionExpression(node)) && node.body && ts.isBlock(node.body)) {
      const head = node.body.statements[0];
      if (head && ts.isExpressionStatement(head) && ts.isStringLiteral(head.expression) && head.expression.text === "use server") found.push({ node, kind: "server-action", what: "inline" });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
