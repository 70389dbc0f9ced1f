// Test doubles of the fixture's edge functions. They answer as slowly as a model would: a double that answers at once hides the race
// between the socket's join and the first change.
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export default {
  "suggest-tasks": async ({ body, db }) => {
    if (!body?.message) return { status: 500, json: { error: "message is required" } };
    await later(1200);
    await db.query(`insert into public.tasks (project_id, title, source) values ($1, $2, 'assistant')`, [body.project_id, `Plan: ${body.message}`]);
    return { json: { success: true } };
  },
  "estimate-effort": async () => ({ json: { success: true, summary: "about two days" } }),
  "notify-team": async () => ({ json: { success: true } }),
};
