package clients

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

type info struct {
	Rating float64  `dynamodbav:"rating"`
	Actors []string `dynamodbav:"actors,stringset,omitempty"`
}

type movie struct {
	Title string            `dynamodbav:"title"`
	Year  int               `dynamodbav:"year"`
	Genre string            `dynamodbav:"genre,omitempty"`
	Info  info              `dynamodbav:"info"`
	Seen  time.Time         `dynamodbav:"seen,unixtime"`
	Raw   []byte            `dynamodbav:"raw,omitempty"`
	Notes map[string]any    `dynamodbav:"notes,omitempty"`
	Links map[string]string `dynamodbav:"links"`
}

func (m movie) key() map[string]types.AttributeValue {
	key, _ := attributevalue.MarshalMap(struct {
		Title string `dynamodbav:"title"`
		Year  int    `dynamodbav:"year"`
	}{m.Title, m.Year})
	return key
}

func tableOf(t *testing.T, client *dynamodb.Client, name string) *string {
	ctx := context.Background()
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("title"), AttributeType: "S"}, {AttributeName: aws.String("year"), AttributeType: "N"},
			{AttributeName: aws.String("genre"), AttributeType: "S"}},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("title"), KeyType: "HASH"}, {AttributeName: aws.String("year"), KeyType: "RANGE"}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String("by-genre"), Projection: &types.Projection{ProjectionType: "ALL"},
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("genre"), KeyType: "HASH"}, {AttributeName: aws.String("year"), KeyType: "RANGE"}}}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	must(t, 0, err)
	must(t, 0, dynamodb.NewTableExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, 10*time.Second, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay, o.MaxDelay = time.Second, time.Second }))
	t.Cleanup(func() {
		_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
		must(t, 0, err)
	})
	return &name
}

// Structs in and out, with the expression builder's updates, conditions, filters and projections.
func TestItems(t *testing.T) {
	ctx, client := context.Background(), dynamodb.NewFromConfig(settings())
	table := tableOf(t, client, "go-movies")
	one := movie{Title: "Big", Year: 1988, Genre: "comedy", Info: info{7.3, []string{"Hanks", "Perkins"}}, Seen: time.Unix(1_700_000_000, 0), Raw: []byte{0, 255},
		Notes: map[string]any{"deep": []any{1.5, "two", nil, true}}, Links: map[string]string{}}
	item, err := attributevalue.MarshalMap(one)
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: must(t, item, err)})
	must(t, 0, err)
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: one.key(), ConsistentRead: aws.Bool(true)})
	must(t, 0, err)
	var back movie
	must(t, 0, attributevalue.UnmarshalMap(got.Item, &back))
	if !reflect.DeepEqual(one, back) {
		t.Fatalf("%+v is not %+v", back, one)
	}
	built, err := expression.NewBuilder().
		WithUpdate(expression.Set(expression.Name("info.rating"), expression.Name("info.rating").Plus(expression.Value(1))).
			Set(expression.Name("first"), expression.IfNotExists(expression.Name("first"), expression.Value("now"))).
			Add(expression.Name("info.actors"), expression.Value(&types.AttributeValueMemberSS{Value: []string{"Loggia"}})).Remove(expression.Name("raw"))).
		WithCondition(expression.Name("year").Between(expression.Value(1980), expression.Value(1990)).And(expression.Contains(expression.Name("info.actors"), "Hanks"))).Build()
	must(t, 0, err)
	updated, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: table, Key: one.key(), UpdateExpression: built.Update(), ConditionExpression: built.Condition(),
		ExpressionAttributeNames: built.Names(), ExpressionAttributeValues: built.Values(), ReturnValues: types.ReturnValueAllNew})
	must(t, 0, err)
	must(t, 0, attributevalue.UnmarshalMap(updated.Attributes, &back))
	if back.Info.Rating != 8.3 || len(back.Info.Actors) != 3 {
		t.Fatalf("updated: %+v", back)
	}
	_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: one.key(), ConditionExpression: aws.String("attribute_not_exists(title)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || failed.Item["title"].(*types.AttributeValueMemberS).Value != "Big" {
		t.Fatalf("not refused as AWS does: %v", err)
	}

	var requests []types.WriteRequest
	for i := range 25 {
		item, err := attributevalue.MarshalMap(movie{Title: "Many", Year: 1950 + i, Genre: []string{"drama", "comedy"}[i%2], Info: info{Rating: float64(i)}, Links: map[string]string{}})
		requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: must(t, item, err)}})
	}
	batch, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*table: requests}})
	if len(must(t, batch, err).UnprocessedItems) != 0 {
		t.Fatal("unprocessed")
	}
	built, err = expression.NewBuilder().WithKeyCondition(expression.Key("genre").Equal(expression.Value("drama")).And(expression.Key("year").GreaterThan(expression.Value(1955)))).
		WithFilter(expression.Name("info.rating").LessThan(expression.Value(20))).WithProjection(expression.NamesList(expression.Name("year"), expression.Name("info.rating"))).Build()
	must(t, 0, err)
	var years []int
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{TableName: table, IndexName: aws.String("by-genre"), KeyConditionExpression: built.KeyCondition(), FilterExpression: built.Filter(),
		ProjectionExpression: built.Projection(), ExpressionAttributeNames: built.Names(), ExpressionAttributeValues: built.Values(), Limit: aws.Int32(3)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var found []movie
		must(t, 0, attributevalue.UnmarshalListOfMaps(must(t, page, err).Items, &found))
		for _, one := range found {
			years = append(years, one.Year)
		}
	}
	if fmt.Sprint(years) != "[1956 1958 1960 1962 1964 1966 1968]" {
		t.Fatal(years)
	}
}

func TestTransactionsAndPartiQL(t *testing.T) {
	ctx, client := context.Background(), dynamodb.NewFromConfig(settings())
	table := tableOf(t, client, "go-transactions")
	put := func(year int) types.TransactWriteItem {
		item, err := attributevalue.MarshalMap(movie{Title: "T", Year: year, Links: map[string]string{}})
		return types.TransactWriteItem{Put: &types.Put{TableName: table, Item: must(t, item, err), ConditionExpression: aws.String("attribute_not_exists(title)")}}
	}
	_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put(1), put(2)}})
	must(t, 0, err)
	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put(3), put(2)}})
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) || *canceled.CancellationReasons[0].Code != "None" || *canceled.CancellationReasons[1].Code != "ConditionalCheckFailed" {
		t.Fatalf("not canceled as AWS does: %v", err)
	}
	run := func(statement string, parameters ...any) []map[string]types.AttributeValue {
		var values []types.AttributeValue
		for _, parameter := range parameters {
			value, err := attributevalue.Marshal(parameter)
			values = append(values, must(t, value, err))
		}
		got, err := client.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: &statement, Parameters: values})
		return must(t, got, err).Items
	}
	run(`INSERT INTO "go-transactions" VALUE {'title': ?, 'year': ?, 'rating': ?}`, "P", 5, 1.5)
	run(`UPDATE "go-transactions" SET rating = rating + 1 WHERE title = 'P' AND "year" = 5`)
	rows := run(`SELECT rating, "year" FROM "go-transactions" WHERE title = 'P' OR (title = 'T' AND "year" >= 1)`)
	ordered := run(`SELECT "year" FROM "go-transactions" WHERE title = ? ORDER BY "year" DESC`, "T")
	var ratings []struct {
		Rating float64 `dynamodbav:"rating"`
	}
	must(t, 0, attributevalue.UnmarshalListOfMaps(rows, &ratings))
	best := 0.0
	for _, row := range ratings {
		best = max(best, row.Rating)
	}
	if len(rows) != 3 || best != 2.5 || len(ordered) != 2 || ordered[0]["year"].(*types.AttributeValueMemberN).Value != "2" {
		t.Fatalf("%v %v", rows, ordered)
	}
}

// A stream from its beginning: what was done, in order, with both images.
func TestStreams(t *testing.T) {
	ctx, client, streams := context.Background(), dynamodb.NewFromConfig(settings()), dynamodbstreams.NewFromConfig(settings())
	table := tableOf(t, client, "go-streams")
	one := movie{Title: "S", Year: 1, Links: map[string]string{}}
	item, err := attributevalue.MarshalMap(one)
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: must(t, item, err)})
	must(t, 0, err)
	_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: table, Key: one.key(), UpdateExpression: aws.String("SET genre = :g"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":g": &types.AttributeValueMemberS{Value: "x"}}})
	must(t, 0, err)
	_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: one.key()})
	must(t, 0, err)
	listed, err := streams.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: table})
	arn := must(t, listed, err).Streams[0].StreamArn
	described, err := streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	shard := must(t, described, err).StreamDescription.Shards[0].ShardId
	iterator, err := streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon})
	at := must(t, iterator, err).ShardIterator
	var events []string
	for deadline := time.Now().Add(10 * time.Second); len(events) < 3 && time.Now().Before(deadline); {
		got, err := streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: at, Limit: aws.Int32(2)})
		for _, record := range must(t, got, err).Records {
			events = append(events, fmt.Sprintf("%s %d %d", record.EventName, len(record.Dynamodb.OldImage), len(record.Dynamodb.NewImage)))
		}
		at = got.NextShardIterator
	}
	if fmt.Sprint(events) != "[INSERT 0 5 MODIFY 5 6 REMOVE 6 0]" {
		t.Fatal(events)
	}
}
