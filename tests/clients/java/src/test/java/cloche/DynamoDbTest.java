package cloche;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedClient;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbTable;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.enhanced.dynamodb.model.ConditionCheck;
import software.amazon.awssdk.enhanced.dynamodb.model.PutItemEnhancedRequest;
import software.amazon.awssdk.enhanced.dynamodb.model.QueryConditional;
import software.amazon.awssdk.enhanced.dynamodb.model.ReadBatch;
import software.amazon.awssdk.enhanced.dynamodb.model.WriteBatch;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/** The enhanced client: beans, indexes, conditions, batches, transactions, versions. */
class DynamoDbTest {
  final DynamoDbClient client = Settings.of(DynamoDbClient.builder()).build();
  final DynamoDbEnhancedClient enhanced = DynamoDbEnhancedClient.builder().dynamoDbClient(client).build();
  final DynamoDbTable<Order> orders = enhanced.table("java-orders", TableSchema.fromBean(Order.class));

  @BeforeEach
  void make() {
    orders.createTable(b -> b.globalSecondaryIndices(g -> g.indexName("by-status").projection(p -> p.projectionType(ProjectionType.ALL)))
                              .localSecondaryIndices(List.of(software.amazon.awssdk.enhanced.dynamodb.model.EnhancedLocalSecondaryIndex.create(
                                  "by-total", software.amazon.awssdk.services.dynamodb.model.Projection.builder().projectionType(ProjectionType.KEYS_ONLY).build()))));
    client.waiter().waitUntilTableExists(b -> b.tableName("java-orders"));
  }

  @AfterEach
  void remove() {
    orders.deleteTable();
  }

  static Key key(String customer, String id) {
    return Key.builder().partitionValue(customer).sortValue(id).build();
  }

  @Test
  void itemsAndVersions() {
    Order order = new Order("ada", "1", "open", 10);
    order.setTags(Set.of("a", "b"));
    order.setLines(List.of(1, 2));
    order.setNotes(Map.of("k", "v"));
    orders.putItem(order);
    Order got = orders.getItem(r -> r.key(key("ada", "1")).consistentRead(true));
    assertEquals(List.of(1L, order.getMade(), Set.of("a", "b"), List.of(1, 2), Map.of("k", "v")),
        List.of(got.getVersion(), got.getMade(), got.getTags(), got.getLines(), got.getNotes()));
    Order other = orders.getItem(key("ada", "1"));
    got.setTotal(11);
    assertEquals(2L, orders.updateItem(got).getVersion());
    // Who read before the last write is refused.
    assertThrows(ConditionalCheckFailedException.class, () -> orders.updateItem(other));
    Order partial = new Order("ada", "2", "open", 5);
    orders.putItem(PutItemEnhancedRequest.builder(Order.class).item(partial).conditionExpression(Expression.builder().expression("attribute_not_exists(id)").build()).build());
    var refused = assertThrows(ConditionalCheckFailedException.class, () -> orders.deleteItem(r -> r.key(key("ada", "2")).conditionExpression(
        Expression.builder().expression("#t > :t").putExpressionName("#t", "total").putExpressionValue(":t", AttributeValue.fromN("100")).build())));
    assertEquals("The conditional request failed", refused.awsErrorDetails().errorMessage());
    assertEquals(5, orders.deleteItem(key("ada", "2")).getTotal());
    assertNull(orders.getItem(key("ada", "2")));
  }

  @Test
  void queriesIndexesAndBatches() {
    // Batches know no conditions, so this client must not count versions.
    var plain = DynamoDbEnhancedClient.builder().dynamoDbClient(client).extensions(List.of()).build();
    var batch = WriteBatch.builder(Order.class).mappedTableResource(plain.table("java-orders", TableSchema.fromBean(Order.class)));
    IntStream.range(0, 24).forEach(i -> batch.addPutItem(new Order("c" + i % 2, String.format("%02d", i), i % 3 == 0 ? "done" : "open", i)));
    assertTrue(plain.batchWriteItem(b -> b.writeBatches(batch.build())).unprocessedPutItemsForTable(orders).isEmpty());
    var between = orders.query(r -> r.queryConditional(QueryConditional.sortBetween(key("c0", "04"), key("c0", "10"))).scanIndexForward(false)).items().stream().map(Order::getId).toList();
    assertEquals(List.of("10", "08", "06", "04"), between);
    var paged = orders.query(r -> r.queryConditional(QueryConditional.keyEqualTo(k -> k.partitionValue("c1"))).limit(5)).stream().map(page -> page.items().size()).toList();
    assertEquals(12, paged.stream().mapToInt(Integer::intValue).sum());
    assertTrue(paged.size() >= 3);
    var done = orders.index("by-status").query(r -> r.queryConditional(QueryConditional.sortGreaterThan(k -> k.partitionValue("done").sortValue(10)))
                         .filterExpression(Expression.builder().expression("begins_with(customer, :c)").putExpressionValue(":c", AttributeValue.fromS("c")).build()))
                   .stream().flatMap(page -> page.items().stream()).map(Order::getTotal).toList();
    assertEquals(List.of(12, 15, 18, 21), done);
    var cheap = orders.index("by-total").query(QueryConditional.sortLessThan(k -> k.partitionValue("c0").sortValue(4))).stream().flatMap(page -> page.items().stream()).toList();
    assertEquals(List.of("00", "02"), cheap.stream().map(Order::getId).toList());
    assertNull(cheap.get(0).getStatus());
    assertEquals(8, orders.scan(r -> r.filterExpression(Expression.builder().expression("#s = :s").putExpressionName("#s", "status").putExpressionValue(":s", AttributeValue.fromS("done")).build()).limit(7)).items().stream().count());
    var reads = ReadBatch.builder(Order.class).mappedTableResource(orders);
    IntStream.range(0, 10).forEach(i -> reads.addGetItem(key("c" + i % 2, String.format("%02d", i))));
    assertEquals(10, enhanced.batchGetItem(b -> b.readBatches(reads.build())).resultsForTable(orders).stream().count());
  }

  @Test
  void transactions() {
    enhanced.transactWriteItems(b -> b.addPutItem(orders, new Order("t", "1", "open", 1)).addPutItem(orders, new Order("t", "2", "open", 2)));
    Order one = orders.getItem(key("t", "1"));
    one.setTotal(7);
    var refused = assertThrows(TransactionCanceledException.class, () -> enhanced.transactWriteItems(b -> b.addUpdateItem(orders, one).addConditionCheck(orders,
        ConditionCheck.builder().key(key("t", "2")).conditionExpression(Expression.builder().expression("attribute_not_exists(id)").build()).build())));
    assertEquals(List.of("None", "ConditionalCheckFailed"), refused.cancellationReasons().stream().map(r -> r.code()).toList());
    assertEquals(1, orders.getItem(key("t", "1")).getTotal());
    enhanced.transactWriteItems(b -> b.addUpdateItem(orders, one).addDeleteItem(orders, key("t", "2")));
    var read = enhanced.transactGetItems(b -> b.addGetItem(orders, key("t", "1")).addGetItem(orders, key("t", "2")));
    assertEquals(7, read.get(0).getItem(orders).getTotal());
    assertNull(read.get(1).getItem(orders));
  }
}
