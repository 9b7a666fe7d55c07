// Results of OpenAI's own client for JavaScript with a gateway, as JSON with the keys that test_clients.py expects.
// Arguments: the gateway's URL with /v1, and JSON with keys: right, narrow, limited.
import OpenAI from "openai";

const [baseURL, keys] = [process.argv[2], JSON.parse(process.argv[3])];
const clientWith = (apiKey, more = {}) => new OpenAI({ baseURL, apiKey, maxRetries: 0, ...more });
const messages = [{ role: "user", content: "Hi" }];
const chat = (client, model = "chat") => client.chat.completions.create({ model, messages, max_tokens: 4 });

async function errorOf(send) {
  try {
    await send();
    return "none";
  } catch (error) {
    return error.constructor.name;
  }
}

const client = clientWith(keys.right);
let streamed = "";
for await (const chunk of await client.chat.completions.create({ model: "chat", messages, max_tokens: 4, stream: true })) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
}
const models = [];
for await (const model of client.models.list()) models.push(model.id);

console.log(
  JSON.stringify({
    chat: (await chat(client)).choices[0].message.content,
    stream: streamed,
    embedding: (await client.embeddings.create({ model: "embed", input: "Hi" })).data[0].embedding.some(Number.isFinite),
    models: models.sort(),
    "no key": await errorOf(() => chat(clientWith("-", { defaultHeaders: { Authorization: null } }))),
    "wrong key": await errorOf(() => chat(clientWith("made-up"))),
    "another alias": await errorOf(() => chat(clientWith(keys.narrow))),
    "no model": await errorOf(() => chat(client, "no-such-model")),
    "over the limit": await errorOf(() => Promise.all(Array.from({ length: 8 }, () => chat(clientWith(keys.limited))))),
  }),
);
