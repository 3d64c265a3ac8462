// Asks the service from JavaScript: node fetch.mjs http://127.0.0.1:8000 'one headline' 'another'
const [service, ...headlines] = process.argv.slice(2);

const response = await fetch(`${service}/v1/classify`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ headlines, topics: ["sport", "weather"] }),
});
const answer = await response.json();
if (!response.ok) {
  throw new Error(`${answer.detail} (${answer.pointer ?? answer.title})`); // application/problem+json
}
for (const { headline, label, confidence } of answer.results) {
  console.log(label ?? "no label", confidence.toFixed(2), headline);
}
